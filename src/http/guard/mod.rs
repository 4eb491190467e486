//! Who may see what: the token, what is public, limits, TLS, and the headers of every answer.

mod identity;
mod rules;
mod token;

pub use identity::{Identity, IdentityError};
pub use rules::{Limits, Public, Rules};
pub use token::Token;
