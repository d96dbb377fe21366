//! The steps that are more than one command. Each touches one key.

use std::sync::LazyLock;

use redis::Script;

/// KEYS: session. ARGV: value, lifetime in ms.
pub(crate) static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "redis.call('DEL', KEYS[1])
         redis.call('HSET', KEYS[1], 'version', '1', 'value', ARGV[1])
         redis.call('PEXPIRE', KEYS[1], ARGV[2])
         return 1",
    )
});

/// KEYS: session. ARGV: version that is expected, version that follows, value. The session's end stays.
pub(crate) static COMPARE_AND_SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
         redis.call('HSET', KEYS[1], 'version', ARGV[2], 'value', ARGV[3])
         return 1",
    )
});

/// KEYS: index. ARGV: session, lifetime in ms. Those that have ended go, and the index lives as long as the last of the others.
pub(crate) static ADD_TO_INDEX: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('TIME')
         local now = time[1] * 1000 + math.floor(time[2] / 1000)
         redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
         redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
         if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
         return 1",
    )
});

/// KEYS: lease. ARGV: owner, span in ms.
pub(crate) static TAKE_LEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local owner = redis.call('GET', KEYS[1])
         if owner and owner ~= ARGV[1] then return 0 end
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
         return 1",
    )
});

/// KEYS: lease. ARGV: owner.
pub(crate) static RELEASE_LEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1")
});
