//! What every answer says to the browser about itself.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Class;

/// Everything a page needs comes from this service, from files: no script or style within a page
/// is ever run, whatever a name may contain.
macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; ",
            "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; ",
            "frame-ancestors ",
            $ancestors
        )
    };
}
const POLICY: &str = policy!("'self'");
/// An overlay may lie over any page: it shows nothing to click on.
const OVERLAY_POLICY: &str = policy!("*");
/// A month: who goes back to plain HTTP is not locked out for long.
const SECURE_ONLY: &str = "max-age=2592000";
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
                           gyroscope=(), microphone=(), payment=(), usb=()";

/// Adds what the handler did not say itself. `over_tls`: this service's own.
pub(super) fn add(headers: &mut HeaderMap, class: Class, path: &str, over_tls: bool) {
    let mut say = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    let is_overlay = class == Class::Overlay && path.starts_with("/overlay/");
    match is_overlay {
        true => {
            say(header::CONTENT_SECURITY_POLICY, OVERLAY_POLICY);
            say(header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin");
        }
        false => {
            say(header::CONTENT_SECURITY_POLICY, POLICY);
            say(header::X_FRAME_OPTIONS, "SAMEORIGIN");
            say(header::CROSS_ORIGIN_OPENER_POLICY, "same-origin");
            say(header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
        }
    }
    say(header::CACHE_CONTROL, "no-store");
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // The address may hold the token.
    say(header::REFERRER_POLICY, "no-referrer");
    say(header::PERMISSIONS_POLICY, PERMISSIONS);
    if over_tls {
        say(header::STRICT_TRANSPORT_SECURITY, SECURE_ONLY);
    }
}
