//! Sentences around a value.

use std::fmt::Display;

use maud::{Markup, Render, html};

/// A sentence with one `{}` in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    before: &'static str,
    after: &'static str,
}

impl Template {
    /// # Panics
    /// There is no `{}` in the sentence: when it is compiled, since templates are constants.
    pub const fn new(sentence: &'static str) -> Self {
        let bytes = sentence.as_bytes();
        let mut at = 0;
        while at + 1 < bytes.len() {
            if bytes[at] == b'{' && bytes[at + 1] == b'}' {
                let (before, rest) = sentence.split_at(at);
                let (_, after) = rest.split_at(2);
                return Self { before, after };
            }
            at += 1;
        }
        panic!("a template needs a place for its value: {{}}")
    }

    pub fn with(self, value: impl Display) -> String {
        format!("{}{value}{}", self.before, self.after)
    }

    /// The sentence around a piece of a page.
    pub fn around(self, piece: impl Render) -> Markup {
        html! { (self.before) (piece) (self.after) }
    }
}

/// A sentence about a number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    one: Template,
    many: Template,
}

impl Count {
    pub const fn new(one: &'static str, many: &'static str) -> Self {
        Self { one: Template::new(one), many: Template::new(many) }
    }

    pub fn of(self, number: impl Into<i64>) -> String {
        let number = number.into();
        if number == 1 { self.one.with(number) } else { self.many.with(number) }
    }
}
