use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use logto_authkit_verifier::Moment;
use tokio::time::{Instant, sleep, timeout};

use crate::client::Shared;
use crate::secret::random_text;
use crate::session::{AccessToken, Fresh, Session, TokenKey};
use crate::sessions::{Loaded, unavailable};
use crate::{SessionKey, SessionLease, SignInError};

/// The refreshes of this process, one session at a time.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    flights: HashMap<SessionKey, Arc<tokio::sync::Mutex<Flight>>>,
    /// Those that are over go when there are so many.
    sweep_at: usize,
}

/// What is known of the refreshes of one session.
#[derive(Debug, Default)]
struct Flight {
    /// After a failure nobody asks before this.
    backed_off: Option<BackOff>,
    /// What a refresh brought that the store could not be given.
    unsaved: Option<(TokenKey, Fresh)>,
}

#[derive(Debug)]
struct BackOff {
    until: Moment,
    span: Duration,
    failure: SignInError,
}

/// A lease ends by itself after this, should its holder have died; a holder who lives prolongs it.
const LEASE: Duration = Duration::from_secs(5);
/// How often one who waits for another process looks whether that is done.
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// Longer than a request to the issuer and a dead holder's lease take together.
const PATIENCE: Duration = Duration::from_secs(20);
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);
/// So long a request waits for a store that is down, while what a refresh brought is not kept yet.
const SAVING: Duration = Duration::from_secs(1);
/// So long it is tried again without a request.
const SAVING_LATER: Duration = Duration::from_secs(600);
/// Fewer flights are not worth a sweep.
const FIRST_SWEEP: usize = 1024;

/// A token, and the session it is from.
pub(crate) type Refreshed = (AccessToken, Loaded);

/// A token of the session that is good for another minute: the one that is there, or a new one. However many ask for it, in whatever
/// process, one request goes to the issuer.
///
/// It goes on when whoever asked for it has gone: a refresh token that was used and not kept would sign the user out.
pub(crate) async fn access_token(
    shared: &Arc<Shared>,
    found: &Loaded,
    key: TokenKey,
) -> Result<Refreshed, SignInError> {
    if let Some(token) = found.session.access_token(&key, shared.clock.now()) {
        return Ok((token.clone(), found.clone()));
    }
    let (shared, found) = (Arc::clone(shared), found.clone());
    let task = tokio::spawn(async move { alone_here(&shared, &found, key).await });
    task.await.unwrap_or(Err(SignInError::IssuerUnavailable { retry_after: FIRST_BACK_OFF }))
}

/// One task of this process at a time.
async fn alone_here(shared: &Arc<Shared>, found: &Loaded, key: TokenKey) -> Result<Refreshed, SignInError> {
    let shared_flight = shared.flights.of(&found.key, shared.clock.moment());
    let mut flight = shared_flight.lock().await;
    if let Some((kept_for, fresh)) = flight.unsaved.take() {
        save(shared, found, kept_for, fresh, &mut flight).await?;
    }
    if let Some(done) = current(shared, found, &key).await? {
        return Ok(done);
    }
    if let Some(BackOff { until, failure, .. }) = &flight.backed_off
        && shared.clock.moment() < *until
    {
        return Err(failure.clone());
    }
    let result = alone_everywhere(shared, found, &key, &mut flight).await;
    flight.note(&result, shared.clock.moment());
    if flight.unsaved.is_some() {
        tokio::spawn(save_later(Arc::clone(shared), found.clone(), Arc::clone(&shared_flight)));
    }
    result
}

/// Keeps what a refresh brought as soon as the store is back, also where no further request comes.
async fn save_later(shared: Arc<Shared>, found: Loaded, flight: Arc<tokio::sync::Mutex<Flight>>) {
    let deadline = Instant::now() + SAVING_LATER;
    while Instant::now() < deadline {
        sleep(LOOK_AGAIN * 4).await;
        let mut flight = flight.lock().await;
        let Some((key, fresh)) = flight.unsaved.take() else { return };
        match try_to_save(&shared, &found, &key, &fresh).await {
            Err(SignInError::SessionStoreUnavailable) => flight.unsaved = Some((key, fresh)),
            _ => return,
        }
    }
}

/// One process at a time.
async fn alone_everywhere(
    shared: &Arc<Shared>,
    found: &Loaded,
    key: &TokenKey,
    flight: &mut Flight,
) -> Result<Refreshed, SignInError> {
    let Some(store) = shared.sessions.store() else {
        return refresh(shared, found, key, flight).await;
    };
    let lease = SessionLease::new(found.key.clone(), random_text::<16>()?);
    let deadline = Instant::now() + PATIENCE;
    while !store.take_lease(&lease, LEASE).await.map_err(unavailable)? {
        if Instant::now() >= deadline {
            return Err(SignInError::IssuerUnavailable { retry_after: FIRST_BACK_OFF });
        }
        sleep(LOOK_AGAIN).await;
        if let Some(done) = current(shared, found, key).await? {
            return Ok(done);
        }
    }
    let result = {
        let mut work = std::pin::pin!(refresh(shared, found, key, flight));
        loop {
            match timeout(LEASE / 3, &mut work).await {
                Ok(result) => break result,
                // Should the lease be lost, what decides is whether the session is still as it was.
                Err(_) => drop(store.take_lease(&lease, LEASE).await.map_err(unavailable)),
            }
        }
    };
    drop(store.release_lease(&lease).await.map_err(unavailable));
    result
}

/// The token, if somebody else has got it meanwhile.
async fn current(shared: &Shared, found: &Loaded, key: &TokenKey) -> Result<Option<Refreshed>, SignInError> {
    let now = shared.sessions.again(found).await?.ok_or(SignInError::NotAuthenticated)?;
    Ok(now.session.access_token(key, shared.clock.now()).cloned().map(|token| (token, now)))
}

async fn refresh(
    shared: &Arc<Shared>,
    found: &Loaded,
    key: &TokenKey,
    flight: &mut Flight,
) -> Result<Refreshed, SignInError> {
    let mut session = shared.sessions.again(found).await?.ok_or(SignInError::NotAuthenticated)?;
    if let Some(token) = session.session.access_token(key, shared.clock.now()) {
        return Ok((token.clone(), session));
    }
    loop {
        let used = session.session.refresh_token.clone().ok_or(SignInError::NotAuthenticated)?;
        match shared.issuer.refresh(&shared.config, &used, key.resource(), key.organization()).await {
            Ok(fresh) => {
                let fresh = match shared.checked(&fresh, &session.session).await {
                    Ok(()) => fresh,
                    Err(error) if error.is_temporary() => Fresh { id_token: None, ..fresh },
                    Err(error) => {
                        keep_grant(shared, &session, fresh.refresh_token).await?;
                        return Err(error);
                    }
                };
                return save(shared, &session, key.clone(), fresh, flight).await;
            }
            Err(SignInError::TokenRequestFailed { error, .. }) if error == "invalid_grant" => {
                let newer = shared.sessions.again(found).await?.ok_or(SignInError::NotAuthenticated)?;
                if newer.session.refresh_token.as_deref() == Some(&used) {
                    tracing::info!("the issuer has ended the grant; the session is signed out");
                    shared.sessions.delete(&newer).await?;
                    return Err(SignInError::NotAuthenticated);
                }
                session = newer;
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Keeps of what a refresh brought the refresh token alone: nothing else of it is believed, but the one before is used up.
async fn keep_grant(
    shared: &Shared,
    found: &Loaded,
    refresh_token: Option<String>,
) -> Result<(), SignInError> {
    if refresh_token.is_some() {
        change(shared, found, |session| session.refresh_token.clone_from(&refresh_token)).await?;
    }
    Ok(())
}

pub(crate) async fn forget_access_tokens(shared: &Shared, found: &Loaded) -> Result<Loaded, SignInError> {
    change(shared, found, |session| session.access_tokens.clear()).await
}

/// Changes a session as it is now.
async fn change(shared: &Shared, found: &Loaded, make: impl Fn(&mut Session)) -> Result<Loaded, SignInError> {
    loop {
        let current = shared.sessions.again(found).await?.ok_or(SignInError::NotAuthenticated)?;
        let mut session = current.session.clone();
        make(&mut session);
        if let Some(changed) = shared.sessions.replace(&current, session).await? {
            return Ok(changed);
        }
    }
}

/// Keeps what a refresh brought: all of it in one write, over whatever else has changed meanwhile.
async fn save(
    shared: &Arc<Shared>,
    found: &Loaded,
    key: TokenKey,
    fresh: Fresh,
    flight: &mut Flight,
) -> Result<Refreshed, SignInError> {
    let deadline = Instant::now() + SAVING;
    loop {
        match try_to_save(shared, found, &key, &fresh).await {
            Err(SignInError::SessionStoreUnavailable) if Instant::now() < deadline => {
                sleep(LOOK_AGAIN * 4).await;
            }
            Err(SignInError::SessionStoreUnavailable) => {
                flight.unsaved = Some((key, fresh));
                return Err(SignInError::SessionStoreUnavailable);
            }
            Err(SignInError::NotAuthenticated) => {
                // Signed out while the request was on its way: what it brought must not live on.
                if let Some(token) = &fresh.refresh_token {
                    shared.revoke(token).await;
                }
                return Err(SignInError::NotAuthenticated);
            }
            result => return result,
        }
    }
}

async fn try_to_save(
    shared: &Arc<Shared>,
    found: &Loaded,
    key: &TokenKey,
    fresh: &Fresh,
) -> Result<Refreshed, SignInError> {
    loop {
        let current = shared.sessions.again(found).await?.ok_or(SignInError::NotAuthenticated)?;
        let mut session = current.session.clone();
        session.keep(key, fresh.clone(), shared.clock.now());
        if let Some(saved) = replace_fitting(shared, &current, session, key).await? {
            return Ok((fresh.access_token.clone(), saved));
        }
    }
}

/// As [`Sessions::replace`](crate::sessions::Sessions::replace); of what is too much for cookies, access tokens go: they can be had again,
/// the refresh token cannot.
async fn replace_fitting(
    shared: &Shared,
    current: &Loaded,
    mut session: Session,
    key: &TokenKey,
) -> Result<Option<Loaded>, SignInError> {
    loop {
        match shared.sessions.replace(current, session.clone()).await {
            Err(SignInError::SessionTooLarge) if session.forget_a_token(key) => {
                tracing::warn!(
                    "a session does not fit into cookies and forgets a token; keep sessions in a store"
                );
            }
            result => return result,
        }
    }
}

impl Flights {
    fn of(&self, key: &SessionKey, now: Moment) -> Arc<tokio::sync::Mutex<Flight>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { flights, sweep_at } = &mut *known;
        if flights.len() >= (*sweep_at).max(FIRST_SWEEP) && !flights.contains_key(key) {
            flights.retain(|_, flight| {
                Arc::strong_count(flight) > 1 || flight.try_lock().is_ok_and(|flight| flight.matters(now))
            });
            *sweep_at = 2 * flights.len();
        }
        Arc::clone(flights.entry(key.clone()).or_default())
    }
}

impl Flight {
    fn matters(&self, now: Moment) -> bool {
        self.unsaved.is_some() || self.backed_off.as_ref().is_some_and(|last| now < last.until)
    }

    fn note(&mut self, result: &Result<Refreshed, SignInError>, now: Moment) {
        self.backed_off = match result {
            Err(failure) if failure.is_temporary() && *failure != SignInError::SessionStoreUnavailable => {
                let doubled = self.backed_off.as_ref().map_or(FIRST_BACK_OFF, |last| last.span * 2);
                let span = doubled.min(LONGEST_BACK_OFF);
                Some(BackOff { until: now + span, span, failure: failure.clone() })
            }
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use logto_authkit_verifier::{Clock, ManualClock};

    use super::*;

    #[test]
    fn flights_that_backed_off_long_ago_go() {
        let clock = ManualClock::at_present();
        let flights = Flights::default();
        for number in 0..5000 {
            let flight = flights.of(&SessionKey::of(&number.to_string()), clock.moment());
            let failure = SignInError::IssuerUnavailable { retry_after: FIRST_BACK_OFF };
            flight.try_lock().unwrap().note(&Err(failure), clock.moment());
            drop(flight);
            clock.advance(Duration::from_secs(60));
        }
        let count = flights.0.lock().unwrap().flights.len();
        assert!(count <= FIRST_SWEEP, "{count}");
    }
}
