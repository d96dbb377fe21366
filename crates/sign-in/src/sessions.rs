use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use logto_authkit_verifier::Clock;
use serde::{Deserialize, Serialize};

use crate::config::LogtoConfig;
use crate::recent::Recent;
use crate::secret::{base64url, from_base64url, random_text};
use crate::session::Session;
use crate::{NewSession, SessionIndex, SessionKey, SessionStore, SignInError, StoreError, cookies};

/// Where sessions are: behind a key in a store, or whole in the browser's cookies. What is above does not tell them apart.
#[derive(Debug)]
pub(crate) struct Sessions {
    config: Arc<LogtoConfig>,
    clock: Arc<dyn Clock>,
    place: Place,
    /// Of so many cookies a session is at most.
    max_chunks: usize,
}

#[derive(Debug)]
enum Place {
    Store(Arc<dyn SessionStore>),
    Cookies(Recent),
}

/// A session as it was found, with what it takes to change it.
///
/// `Debug` leaves its id out: whoever has it has the session.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) id: String,
    pub(crate) key: SessionKey,
    pub(crate) version: u64,
    pub(crate) session: Session,
}

/// A session and the headers that give the browser what has come of it since.
pub(crate) type Found = (Loaded, Vec<HeaderValue>);

/// What a session's cookies hold.
#[derive(Serialize, Deserialize)]
struct Carried {
    id: String,
    version: u64,
    session: Session,
}

/// Browsers keep 4 096 bytes a cookie, name and attributes included.
const MAX_CHUNK: usize = 3800;
const MAX_CHUNKS: usize = 5;
/// As many as are looked at in a request, and a sign-in's cookies beside them.
const MAX_CHUNKS_ON_SERVER: usize = 24;
/// So long a changed session is handed to requests that carry the old cookie.
const HANDED_OVER_FOR: Duration = Duration::from_secs(10);
/// The place of a session that is in cookies: the name of no session in a store.
const CARRIED: &str = "in cookies";

impl Sessions {
    pub(crate) fn in_store(
        config: Arc<LogtoConfig>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn SessionStore>,
    ) -> Self {
        Sessions { config, clock, place: Place::Store(store), max_chunks: MAX_CHUNKS }
    }

    /// `on_server`: they are kept for the browser, and no browser's bounds hold.
    pub(crate) fn in_cookies(config: Arc<LogtoConfig>, clock: Arc<dyn Clock>, on_server: bool) -> Self {
        let (handed_over_for, max_chunks) =
            if on_server { (None, MAX_CHUNKS_ON_SERVER) } else { (Some(HANDED_OVER_FOR), MAX_CHUNKS) };
        Sessions { config, clock, place: Place::Cookies(Recent::new(handed_over_for)), max_chunks }
    }

    /// The store, where there is one.
    pub(crate) fn store(&self) -> Option<&Arc<dyn SessionStore>> {
        match &self.place {
            Place::Store(store) => Some(store),
            Place::Cookies(_) => None,
        }
    }

    /// The session of a request, and the headers that give the browser what has come of it since.
    pub(crate) async fn find(&self, request: &HeaderMap) -> Result<Option<Found>, SignInError> {
        if let Some(found) = self.find_at_once(request) {
            return found;
        }
        match cookies::get(request, &self.config.cookie_name) {
            Some(id) => Ok(self.load(id.to_owned()).await?.map(|found| (found, Vec::new()))),
            None => Ok(None),
        }
    }

    /// What [`find`](Sessions::find) finds, where no store has to be asked.
    pub(crate) fn find_at_once(&self, request: &HeaderMap) -> Option<Result<Option<Found>, SignInError>> {
        match &self.place {
            Place::Store(_) => {
                let id = cookies::get(request, &self.config.cookie_name);
                if id.is_some_and(|id| id.len() == 43) { None } else { Some(Ok(None)) }
            }
            Place::Cookies(recent) => Some(self.find_carried(recent, request)),
        }
    }

    fn find_carried(&self, recent: &Recent, request: &HeaderMap) -> Result<Option<Found>, SignInError> {
        let Some(carried) = self.carried(request) else { return Ok(None) };
        let version = carried.version;
        let Some(found) = recent.newest(carried, self.clock.moment()) else { return Ok(None) };
        let set_cookies =
            if found.version > version { self.cookies_of(&found, request)? } else { Vec::new() };
        Ok(Some((found, set_cookies)))
    }

    /// The session as it is now.
    pub(crate) async fn again(&self, found: &Loaded) -> Result<Option<Loaded>, SignInError> {
        match &self.place {
            Place::Store(_) => self.load(found.id.clone()).await,
            Place::Cookies(recent) => Ok(recent.newest(found.clone(), self.clock.moment())),
        }
    }

    /// Keeps a new session under an id that nobody has seen.
    pub(crate) async fn create(
        &self,
        session: Session,
        request: &HeaderMap,
    ) -> Result<Vec<HeaderValue>, SignInError> {
        let id = random_text::<32>()?;
        let loaded = Loaded { key: SessionKey::of(&id), id, version: 1, session };
        if let Place::Store(store) = &self.place {
            let lifetime = self.lifetime_of(&loaded.session);
            let realm = &self.config.realm;
            let mut indexes = vec![SessionIndex::of_subject(realm, &loaded.session.subject)];
            indexes.extend(loaded.session.sid.as_deref().map(|sid| SessionIndex::of_sid(realm, sid)));
            let value = self.sealed(&loaded)?;
            let new = NewSession::new(value, indexes, loaded.session.expires_at(), lifetime);
            store.create(&loaded.key, new).await.map_err(unavailable)?;
        }
        self.cookies_of(&loaded, request)
    }

    /// Puts `session` in the place of `found`, unless that has been changed or deleted meanwhile.
    pub(crate) async fn replace(
        &self,
        found: &Loaded,
        session: Session,
    ) -> Result<Option<Loaded>, SignInError> {
        let next = Loaded { version: found.version + 1, session, ..found.clone() };
        let replaced = match &self.place {
            Place::Store(store) => {
                let value = self.sealed(&next)?;
                store.compare_and_swap(&found.key, found.version, value).await.map_err(unavailable)?
            }
            Place::Cookies(recent) => {
                self.chunks(&next)?;
                recent.replace(found, &next, self.lifetime_of(&next.session), self.clock.moment())
            }
        };
        Ok(replaced.then_some(next))
    }

    /// The headers that give the browser a session as it is now; none where the browser has its id alone.
    pub(crate) fn cookies_after_change(
        &self,
        changed: &Loaded,
        request: &HeaderMap,
    ) -> Result<Vec<HeaderValue>, SignInError> {
        match self.place {
            Place::Store(_) => Ok(Vec::new()),
            Place::Cookies(_) => self.cookies_of(changed, request),
        }
    }

    /// Deletes a session.
    pub(crate) async fn delete(&self, found: &Loaded) -> Result<(), SignInError> {
        match &self.place {
            Place::Store(store) => store.delete(&found.key).await.map(|_| ()).map_err(unavailable),
            Place::Cookies(recent) => {
                recent.delete(found, self.lifetime_of(&found.session), self.clock.moment());
                Ok(())
            }
        }
    }

    /// The headers that remove a session that has ended by itself. An id that opens nothing does no harm, and by the time that the browser
    /// gets the answer it may have another.
    pub(crate) fn cookies_after_end(&self, request: &HeaderMap) -> Result<Vec<HeaderValue>, SignInError> {
        match self.place {
            Place::Store(_) => Ok(Vec::new()),
            Place::Cookies(_) => self.cookies_that_clear(request),
        }
    }

    /// The headers that remove every cookie of a session from the browser.
    pub(crate) fn cookies_that_clear(&self, request: &HeaderMap) -> Result<Vec<HeaderValue>, SignInError> {
        self.session_cookies(request).map(|(name, _)| cookies::clear(&self.config, name)).collect()
    }

    async fn load(&self, id: String) -> Result<Option<Loaded>, SignInError> {
        let Some(store) = self.store() else { return Ok(None) };
        let key = SessionKey::of(&id);
        let Some(stored) = store.load(&key).await.map_err(unavailable)? else { return Ok(None) };
        let opened = self.config.keys.open(&self.purpose(key.as_str()), self.clock.now(), &stored.value);
        let session = opened.and_then(|json| serde_json::from_slice(&json).ok());
        Ok(session.map(|session| Loaded { id, key, version: stored.version, session }))
    }

    fn sealed(&self, loaded: &Loaded) -> Result<Vec<u8>, SignInError> {
        let json = serde_json::to_vec(&loaded.session).map_err(|_| SignInError::SessionTooLarge)?;
        self.config.keys.seal(&self.purpose(loaded.key.as_str()), loaded.session.expires_at(), &json)
    }

    fn cookies_of(&self, loaded: &Loaded, request: &HeaderMap) -> Result<Vec<HeaderValue>, SignInError> {
        let name = &self.config.cookie_name;
        let seconds = i64::try_from(self.lifetime_of(&loaded.session).as_secs()).unwrap_or(i64::MAX);
        if let Place::Store(_) = self.place {
            return Ok(vec![cookies::set(&self.config, name, &loaded.id, seconds)?]);
        }
        let chunks = self.chunks(loaded)?;
        let mut headers = Vec::with_capacity(chunks.len());
        for (number, chunk) in chunks.iter().enumerate() {
            headers.push(cookies::set(&self.config, &format!("{name}.{number}"), chunk, seconds)?);
        }
        for (old, _) in self.session_cookies(request) {
            let is_kept = (0..chunks.len()).any(|number| old == format!("{name}.{number}"));
            if !is_kept {
                headers.push(cookies::clear(&self.config, old)?);
            }
        }
        Ok(headers)
    }

    fn chunks(&self, loaded: &Loaded) -> Result<Vec<String>, SignInError> {
        let Loaded { id, version, session, .. } = loaded.clone();
        let json = serde_json::to_vec(&Carried { id, version, session })
            .map_err(|_| SignInError::SessionTooLarge)?;
        let sealed = self.config.keys.seal(&self.purpose(CARRIED), loaded.session.expires_at(), &json)?;
        let text = base64url(&sealed);
        let size = MAX_CHUNK - self.config.cookie_name.len();
        let mut chunks: Vec<_> =
            text.as_bytes().chunks(size).map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect();
        if chunks.len() > self.max_chunks {
            return Err(SignInError::SessionTooLarge);
        }
        // The first says how many there are: a browser may still have more, of a longer session before.
        let count = format!("{}.", chunks.len());
        chunks[0].insert_str(0, &count);
        Ok(chunks)
    }

    fn carried(&self, request: &HeaderMap) -> Option<Loaded> {
        let name = &self.config.cookie_name;
        let found: HashMap<_, _> = self.session_cookies(request).collect();
        let part = |number: usize| found.get(format!("{name}.{number}").as_str()).copied();
        let (count, first) = part(0)?.split_once('.')?;
        let count = count.parse().ok().filter(|count| (1..=self.max_chunks).contains(count))?;
        let others = (1..count).map(part).collect::<Option<Vec<_>>>()?;
        let sealed = from_base64url(&(first.to_owned() + &others.concat()))?;
        let opened = self.config.keys.open(&self.purpose(CARRIED), self.clock.now(), &sealed)?;
        let Carried { id, version, session } = serde_json::from_slice(&opened).ok()?;
        Some(Loaded { key: SessionKey::of(&id), id, version, session })
    }

    /// The cookies of a request that are parts of a session, and not of a sign-in.
    fn session_cookies<'a>(&'a self, request: &'a HeaderMap) -> impl Iterator<Item = (&'a str, &'a str)> {
        cookies::find(request, |name| self.is_of_session(name)).into_iter()
    }

    /// Whether a cookie of this name is a session, or a part of one.
    fn is_of_session(&self, name: &str) -> bool {
        match name.strip_prefix(self.config.cookie_name.as_str()) {
            Some("") => true,
            Some(part) => (0..self.max_chunks).any(|number| part == format!(".{number}")),
            None => false,
        }
    }

    /// Whether an answer gives the browser a session or takes one from it.
    pub(crate) fn is_decided_by(&self, answer: &HeaderMap) -> bool {
        let names = answer.get_all(SET_COOKIE).iter().filter_map(cookies::name_set_by);
        names.into_iter().any(|name| self.is_of_session(name))
    }

    /// What a session is sealed for: this application, and its place.
    fn purpose(&self, place: &str) -> String {
        format!("session {} {place}", self.config.realm)
    }

    fn lifetime_of(&self, session: &Session) -> Duration {
        let left = session.expires_at().as_unix_seconds() - self.clock.now().as_unix_seconds();
        Duration::from_secs(u64::try_from(left).unwrap_or(0))
    }
}

/// A store that is down signs nobody out.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub(crate) fn unavailable(error: StoreError) -> SignInError {
    tracing::error!(%error, "the session store cannot be reached");
    SignInError::SessionStoreUnavailable
}

impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Loaded").field("session", &self.session).finish_non_exhaustive()
    }
}
