create table if not exists logto_sessions (
    key text primary key,
    version bigint not null,
    value bytea not null,
    indexes text[] not null,
    expires_at timestamptz not null
);
create index if not exists logto_sessions_indexes on logto_sessions using gin (indexes);
create index if not exists logto_sessions_expires_at on logto_sessions (expires_at);

create table if not exists logto_session_leases (
    key text primary key,
    owner text not null,
    until timestamptz not null
);
create index if not exists logto_session_leases_until on logto_session_leases (until);
