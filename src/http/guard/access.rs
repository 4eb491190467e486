//! Whether a request may pass: limits, names, the token, in this order.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, HeaderMap},
    },
};
use chrono::Utc;
use log::warn;
use ring::digest::{SHA256, digest};
use url::form_urlencoded;

use super::{Caller, Class, Guard, Rules, TooOften, host};

/// How long a browser is known.
pub(super) const COOKIE_DAYS: i64 = 180;
/// Nothing but the token is ever sent here.
pub(super) const MAX_BODY: usize = 4 << 10;

/// A request that may pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Through,
    /// It brought the token: from now on its cookie is enough.
    Remembered,
    /// The same, and the address is better without the token.
    Redirected(String),
}

/// Why a request may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TooOften(TooOften),
    /// Too many wrong tokens.
    Guesses(TooOften),
    /// Asked for under a name that is not ours.
    Host,
    /// A page of somebody else's wants to listen.
    Origin,
    /// It has a body, or one that is too large.
    Body,
    NoToken,
    WrongToken,
}

impl Refusal {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::TooOften(_) => "rate",
            Self::Guesses(_) => "guesses",
            Self::Host => "host",
            Self::Origin => "origin",
            Self::Body => "body",
            Self::NoToken => "no_token",
            Self::WrongToken => "wrong_token",
        }
    }

    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(TooOften(wait)) | Self::Guesses(TooOften(wait)) => Some(*wait),
            _ => None,
        }
    }
}

/// Who asks, by what rules.
pub(super) struct Visit<'a> {
    pub guard: &'a Guard,
    pub rules: &'a Rules,
    pub request: &'a HttpRequest,
    pub caller: Caller,
    pub class: Class,
}

impl Visit<'_> {
    pub fn judge(&self) -> Result<Pass, Refusal> {
        let Self { rules, request, class, .. } = self;
        let headers = request.headers();
        self.guard.callers.ask(self.caller).map_err(Refusal::TooOften)?;
        if rules.token.is_none() && !host::is_ours(headers, &rules.hosts) {
            return Err(Refusal::Host);
        }
        if has_body(headers) && !(request.method() == Method::POST && request.path() == "/login") {
            return Err(Refusal::Body);
        }
        let pass = self.by_token()?;
        // Told by what is asked, not by the path: a path can be written in many ways.
        let is_of_a_page = !matches!(class, Class::Relay | Class::Open);
        let opens_socket = headers.contains_key(header::UPGRADE);
        if is_of_a_page && opens_socket && !host::is_from_us(headers, &rules.hosts) {
            return Err(Refusal::Origin);
        }
        Ok(pass)
    }

    fn by_token(&self) -> Result<Pass, Refusal> {
        let Self { rules, request, class, .. } = self;
        let Some(token) = &rules.token else { return Ok(Pass::Through) };
        let is_open = class.is_public(rules.public);
        let in_query = query_token(request.query_string());
        if *class == Class::Open || (is_open && in_query.is_none()) {
            return Ok(Pass::Through);
        }
        let cookie = request.cookie(&token.cookie_name());
        let is_known =
            cookie.is_some_and(|cookie| token.made(cookie.value(), Utc::now().timestamp()));
        if is_known && in_query.is_none() {
            return Ok(Pass::Through);
        }
        let offered = in_query.as_deref().or_else(|| bearer(request.headers()));
        let tried = match offered {
            None => Err(Refusal::NoToken),
            Some(offered) => self.guard.try_token(self.caller, token, offered),
        };
        match tried {
            Ok(()) if in_query.is_some() && wants_page(request) => Ok(self.remembered()),
            Err(_) if is_open || is_known => Ok(Pass::Through),
            tried => tried.map(|()| Pass::Through),
        }
    }

    fn remembered(&self) -> Pass {
        match self.class {
            // It may lie in a frame on a page of somebody else's, where no cookie reaches: there
            // its own requests need the token that is in its address.
            Class::Overlay => Pass::Remembered,
            _ => Pass::Redirected(local(&without_token(self.request))),
        }
    }
}

impl Guard {
    /// Whether this is the token; wrong ones are counted, and too many are not even looked at.
    pub(super) fn try_token(
        &self,
        caller: Caller,
        token: &super::Token,
        offered: &str,
    ) -> Result<(), Refusal> {
        self.callers.may_guess(caller).map_err(Refusal::Guesses)?;
        if token.is(offered) {
            return Ok(());
        }
        let mut wrong = [0; 32];
        wrong.copy_from_slice(digest(&SHA256, offered.as_bytes()).as_ref());
        if self.callers.guessed_wrong(caller, wrong) {
            warn!("a wrong token was offered from={caller}");
        }
        Err(Refusal::WrongToken)
    }
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn query_token(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "token").map(|(_, token)| token.into_owned())
}

/// A person in a browser, to whom a page can be shown.
pub(super) fn wants_page(request: &HttpRequest) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.headers().contains_key(header::UPGRADE)
        && accepts.is_some_and(|accept| accept.contains("text/html"))
}

/// The address that was asked for, as it may be shown.
pub(super) fn without_token(request: &HttpRequest) -> String {
    let pairs = request.query_string().split('&');
    let rest: Vec<_> =
        pairs.filter(|pair| query_token(pair).is_none() && !pair.is_empty()).collect();
    match rest.is_empty() {
        true => request.path().to_owned(),
        false => format!("{}?{}", request.path(), rest.join("&")),
    }
}

/// `to` if it is a place of this service, else its front page: whoever logs in is sent nowhere else.
pub(super) fn local(to: &str) -> String {
    // Browsers take `//x` and `/\x` for another host, and leave out control characters.
    let is_local = to.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']))
        && to.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { to.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn way_back_leads_nowhere_but_here() {
        for to in ["/", "/feeds/a?lang=de", "/overlay?x=//y"] {
            assert_eq!(local(to), to);
        }
        for to in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "evil",
            "/\t/evil",
            "/\n/evil",
            "javascript:alert(1)",
            "/ä",
            "/a b",
        ] {
            assert_eq!(local(to), "/", "{to:?}");
        }
    }

    #[test]
    fn address_is_the_same_without_the_token() {
        for (address, rest) in [
            ("/?token=abc", "/"),
            ("/feeds/a?lang=de&token=abc&x=1", "/feeds/a?lang=de&x=1"),
            ("/?%74oken=abc&a", "/?a"),
            ("/?a=%20b", "/?a=%20b"),
            ("/x", "/x"),
        ] {
            let request = actix_web::test::TestRequest::with_uri(address).to_http_request();
            assert_eq!(without_token(&request), rest, "{address}");
        }
    }
}
