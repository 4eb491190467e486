//! The watch: judges every request before a handler sees it, and dresses every answer.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    cookie::{Cookie, SameSite, time::Duration as CookieDuration},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    middleware::Next,
    web,
};
use chrono::Utc;
use serde_json::json;

use super::{
    Caller, Class, Guard, Pass, Refusal, Rules, Visit,
    access::{self, COOKIE_DAYS, wants_page},
    headers, login,
};

/// Judges requests for pages, overlays, relay, and what monitors read. Needs `web::Data<Guard>`.
///
/// # Errors
/// None of its own; a refusal is an answer.
pub async fn watch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let class = Class::of(request.path());
    judge(request, class, next).await
}

/// Judges requests at a port that is the relay's alone, whose clients know no token: limits count,
/// and nothing else.
///
/// # Errors
/// None of its own.
pub async fn watch_relay(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    judge(request, Class::Open, next).await
}

async fn judge(
    mut request: ServiceRequest,
    class: Class,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(guard) = request.app_data::<web::Data<Guard>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("nobody is on guard"));
    };
    let rules = guard.rules();
    let caller = caller_of(request.request(), &rules);
    let visit = Visit { guard: &guard, rules: &rules, request: request.request(), caller, class };
    let judged = visit.judge();
    let path = request.path().to_owned();
    believe(&mut request, &rules);
    let mut response = match judged {
        Ok(Pass::Through) => next.call(request).await?.map_into_boxed_body(),
        Ok(Pass::Remembered) => {
            let cookie = cookie(request.request(), &rules);
            let mut response = next.call(request).await?.map_into_boxed_body();
            if let Some(cookie) = cookie {
                response.response_mut().add_cookie(&cookie)?;
            }
            response
        }
        Ok(Pass::Redirected(to)) => {
            let answer = login::welcome(&to, cookie(request.request(), &rules));
            request.into_response(answer)
        }
        Err(refusal) => {
            guard.counters.refused(&refusal);
            let answer = refuse(request.request(), &rules, class, &refusal);
            request.into_response(answer)
        }
    };
    guard.counters.answered(class, response.status());
    headers::add(response.headers_mut(), class, &path, rules.identity.is_some());
    Ok(response)
}

pub(super) fn caller_of(request: &HttpRequest, rules: &Rules) -> Caller {
    match request.peer_addr() {
        Some(peer) => Caller::behind(peer.ip(), &rules.proxies, request.headers()),
        None => Caller::OTHERS,
    }
}

/// What the browser keeps in place of the token; none where there is no token.
pub(super) fn cookie(request: &HttpRequest, rules: &Rules) -> Option<Cookie<'static>> {
    let token = rules.token.as_ref()?;
    let lasts = CookieDuration::days(COOKIE_DAYS);
    let expires = Utc::now().timestamp() + lasts.whole_seconds();
    let cookie = Cookie::build(token.cookie_name(), token.cookie(expires))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(request, rules))
        .max_age(lasts);
    Some(cookie.finish())
}

/// Whether the browser speaks TLS, to us or to a proxy of ours.
fn is_secure(request: &HttpRequest, rules: &Rules) -> bool {
    let scheme = request.headers().get(header::X_FORWARDED_PROTO);
    let to_proxy = is_proxied(request, rules) && scheme.is_some_and(|scheme| scheme == "https");
    rules.identity.is_some() || to_proxy
}

fn is_proxied(request: &HttpRequest, rules: &Rules) -> bool {
    request.peer_addr().is_some_and(|peer| rules.proxies.contains(&peer.ip().to_canonical()))
}

/// Leaves only what is true of where the browser asked, so that `connection_info` tells handlers
/// the scheme that a person would type: the framework believes everybody, and does not know of our
/// TLS.
fn believe(request: &mut ServiceRequest, rules: &Rules) {
    let scheme = if is_secure(request.request(), rules) { "https" } else { "http" };
    let is_proxied = is_proxied(request.request(), rules);
    let headers = request.headers_mut();
    headers.remove(header::FORWARDED);
    headers.insert(header::X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
    if !is_proxied {
        headers.remove(header::X_FORWARDED_HOST);
    }
}

fn refuse(request: &HttpRequest, rules: &Rules, class: Class, refusal: &Refusal) -> HttpResponse {
    let (status, words) = match refusal {
        Refusal::TooOften(_) => (StatusCode::TOO_MANY_REQUESTS, "too many requests from there"),
        Refusal::Guesses(_) => (StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens from there"),
        Refusal::Host => (
            StatusCode::MISDIRECTED_REQUEST,
            "this service does not answer to that name; [http] hosts can have it",
        ),
        Refusal::Origin => (StatusCode::FORBIDDEN, "a page of another site may not listen here"),
        Refusal::Body => (StatusCode::PAYLOAD_TOO_LARGE, "no body is expected here"),
        Refusal::NoToken => (StatusCode::UNAUTHORIZED, "a token is needed"),
        Refusal::WrongToken => (StatusCode::UNAUTHORIZED, "that is not the token"),
    };
    let is_about_the_token =
        matches!(refusal, Refusal::NoToken | Refusal::WrongToken | Refusal::Guesses(_));
    if is_about_the_token && rules.token.is_some() && wants_page(request) {
        return login::page(request, &access::without_token(request), Some(refusal));
    }
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"ringside\""));
    }
    if let Some(wait) = refusal.retry_after() {
        answer.insert_header((header::RETRY_AFTER, wait.as_secs() + 1));
    }
    if *refusal == Refusal::Body {
        // What else comes on this connection is that body.
        answer.force_close();
    }
    answer.json(match class {
        // As the API tells every error.
        Class::Api => json!({
            "error": { "code": refusal.as_str(), "message": words, "parameter": null }
        }),
        _ => json!({ "error": words }),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::http::guard::{Limits, Public};

    use super::*;

    fn told(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let rules = Rules {
            token: None,
            public: Public::default(),
            hosts: Vec::new(),
            proxies: vec!["10.0.0.1".parse().unwrap()],
            limits: Limits::default(),
            identity: None,
        };
        let mut request = TestRequest::get()
            .peer_addr(std::net::SocketAddr::new(peer.parse().unwrap(), 1))
            .insert_header((header::HOST, "box.local"));
        for header in headers {
            request = request.insert_header(*header);
        }
        let mut request = request.to_srv_request();
        believe(&mut request, &rules);
        let info = request.connection_info();
        format!("{}://{}", info.scheme(), info.host())
    }

    #[test]
    fn handler_hears_the_scheme_and_the_host_from_those_who_are_believed() {
        let lies = [
            ("forwarded", "proto=https;host=evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
        ];
        assert_eq!(told("192.0.2.1", &lies), "http://box.local");
        assert_eq!(told("10.0.0.1", &lies[1..2]), "https://box.local");
        let proxied = [("x-forwarded-proto", "https"), ("x-forwarded-host", "timing.example.com")];
        assert_eq!(told("10.0.0.1", &proxied), "https://timing.example.com");
        assert_eq!(told("10.0.0.1", &[]), "http://box.local");
    }
}
