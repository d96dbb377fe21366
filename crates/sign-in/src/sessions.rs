use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use logto_authkit_verifier::{Clock, Moment};
use serde::{Deserialize, Serialize};

use crate::config::LogtoConfig;
use crate::secret::{base64url, from_base64url, random_text};
use crate::session::Session;
use crate::{NewSession, SessionIndex, SessionKey, SessionStore, SignInError, StoreError, cookies};

/// Where sessions are: behind a key in a store, or whole in the browser's cookies. What is above does not tell them apart.
#[derive(Debug)]
pub(crate) struct Sessions {
    config: Arc<LogtoConfig>,
    clock: Arc<dyn Clock>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Store(Arc<dyn SessionStore>),
    Cookies(Recent),
}

/// A session as it was found, with what it takes to change it.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) id: String,
    pub(crate) key: SessionKey,
    pub(crate) version: u64,
    pub(crate) session: Session,
}

/// What a session's cookies hold.
#[derive(Serialize, Deserialize)]
struct Carried {
    id: String,
    version: u64,
    session: Session,
}

/// Sessions in cookies that have just changed: requests that are on their way still carry what was before.
#[derive(Debug, Default)]
struct Recent(Mutex<HashMap<SessionKey, Changed>>);

#[derive(Debug)]
struct Changed {
    /// Nothing where somebody signed out.
    now: Option<Loaded>,
    until: Moment,
}

/// So long a changed session is handed to requests that carry the old cookie.
const HANDED_OVER_FOR: Duration = Duration::from_secs(10);
/// Browsers keep 4 096 bytes a cookie, name and attributes included.
const MAX_CHUNK: usize = 3800;
const MAX_CHUNKS: usize = 5;
/// The place of a session that is in cookies: the name of no session in a store.
const CARRIED: &str = "in cookies";

impl Sessions {
    pub(crate) fn in_store(
        config: Arc<LogtoConfig>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn SessionStore>,
    ) -> Self {
        Sessions { config, clock, place: Place::Store(store) }
    }

    pub(crate) fn in_cookies(config: Arc<LogtoConfig>, clock: Arc<dyn Clock>) -> Self {
        Sessions { config, clock, place: Place::Cookies(Recent::default()) }
    }

    /// The store, where there is one.
    pub(crate) fn store(&self) -> Option<&Arc<dyn SessionStore>> {
        match &self.place {
            Place::Store(store) => Some(store),
            Place::Cookies(_) => None,
        }
    }

    /// The session of a request, and the headers that give the browser what has come of it since.
    pub(crate) async fn find(
        &self,
        request: &HeaderMap,
    ) -> Result<Option<(Loaded, Vec<HeaderValue>)>, SignInError> {
        let name = self.config.cookie_name.as_str();
        match &self.place {
            Place::Store(_) => {
                let cookies = cookies::with_prefix(request, name);
                let id = cookies.iter().find(|(found, _)| *found == name).map(|(_, id)| *id);
                match id {
                    Some(id) if id.len() == 43 => {
                        Ok(self.load(id.to_owned()).await?.map(|found| (found, Vec::new())))
                    }
                    _ => Ok(None),
                }
            }
            Place::Cookies(recent) => {
                let Some(carried) = self.carried(request) else { return Ok(None) };
                let version = carried.version;
                let Some(found) = recent.newest(carried, self.clock.moment()) else { return Ok(None) };
                let set_cookies =
                    if found.version > version { self.cookies_of(&found, request)? } else { Vec::new() };
                Ok(Some((found, set_cookies)))
            }
        }
    }

    /// The session as it is now.
    pub(crate) async fn again(&self, found: &Loaded) -> Result<Option<Loaded>, SignInError> {
        match &self.place {
            Place::Store(_) => self.load(found.id.clone()).await,
            Place::Cookies(recent) => Ok(recent.newest(found.clone(), self.clock.moment())),
        }
    }

    /// Keeps a new session under an id that nobody has seen.
    pub(crate) async fn create(&self, session: Session) -> Result<(Loaded, Vec<HeaderValue>), SignInError> {
        let id = random_text::<32>()?;
        let loaded = Loaded { key: SessionKey::of(&id), id, version: 1, session };
        if let Place::Store(store) = &self.place {
            let lifetime = self.lifetime_of(&loaded.session);
            let issuer = self.config.logto_url.issuer();
            let mut indexes = vec![SessionIndex::of_subject(issuer, &loaded.session.subject)];
            indexes.extend(loaded.session.sid.as_deref().map(|sid| SessionIndex::of_sid(issuer, sid)));
            let value = self.sealed(&loaded)?;
            let new = NewSession::new(value, indexes, loaded.session.expires_at(), lifetime);
            store.create(&loaded.key, new).await.map_err(unavailable)?;
        }
        let cookies = self.cookies_of(&loaded, &HeaderMap::new())?;
        Ok((loaded, cookies))
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
                recent.replace(found, &next, self.clock.moment())
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
                recent.delete(found, self.clock.moment());
                Ok(())
            }
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
        let chunks: Vec<_> =
            text.as_bytes().chunks(size).map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect();
        if chunks.len() > MAX_CHUNKS { Err(SignInError::SessionTooLarge) } else { Ok(chunks) }
    }

    fn carried(&self, request: &HeaderMap) -> Option<Loaded> {
        let name = &self.config.cookie_name;
        let found: HashMap<_, _> = self.session_cookies(request).collect();
        let chunks =
            (0..MAX_CHUNKS).map_while(|number| found.get(format!("{name}.{number}").as_str()).copied());
        let sealed = from_base64url(&chunks.collect::<String>())?;
        let opened = self.config.keys.open(&self.purpose(CARRIED), self.clock.now(), &sealed)?;
        let Carried { id, version, session } = serde_json::from_slice(&opened).ok()?;
        Some(Loaded { key: SessionKey::of(&id), id, version, session })
    }

    /// The cookies of a request that are parts of a session, and not of a sign-in.
    fn session_cookies<'a>(&'a self, request: &'a HeaderMap) -> impl Iterator<Item = (&'a str, &'a str)> {
        let name = self.config.cookie_name.as_str();
        cookies::with_prefix(request, name)
            .into_iter()
            .filter(move |(found, _)| found[name.len()..].is_empty() || found[name.len()..].starts_with('.'))
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

impl Recent {
    fn changed(&self, now: Moment) -> MutexGuard<'_, HashMap<SessionKey, Changed>> {
        let mut changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, change| change.until > now);
        changed
    }

    fn newest(&self, found: Loaded, now: Moment) -> Option<Loaded> {
        match self.changed(now).get(&found.key) {
            Some(Changed { now: None, .. }) => None,
            Some(Changed { now: Some(newer), .. }) if newer.version > found.version => Some(newer.clone()),
            _ => Some(found),
        }
    }

    fn replace(&self, found: &Loaded, next: &Loaded, now: Moment) -> bool {
        let mut changed = self.changed(now);
        let current = match changed.get(&found.key) {
            Some(Changed { now: None, .. }) => return false,
            Some(Changed { now: Some(newer), .. }) => newer.version.max(found.version),
            None => found.version,
        };
        let fits = current == found.version;
        if fits {
            changed
                .insert(found.key.clone(), Changed { now: Some(next.clone()), until: now + HANDED_OVER_FOR });
        }
        fits
    }

    fn delete(&self, found: &Loaded, now: Moment) {
        let gone = Changed { now: None, until: now + HANDED_OVER_FOR };
        self.changed(now).insert(found.key.clone(), gone);
    }
}
