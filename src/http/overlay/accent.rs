//! The colour of a venue.

use std::{fmt, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    red: u8,
    green: u8,
    blue: u8,
}

impl Accent {
    /// Whether dark letters are read more easily on it than light ones.
    pub fn is_light(self) -> bool {
        // How bright the eye finds the three, in thousandths.
        let Self { red, green, blue } = self;
        299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) > 150_000
    }
}

impl Default for Accent {
    /// Red, which stands out on asphalt and on grass.
    fn default() -> Self {
        Self { red: 0xe1, green: 0x06, blue: 0x2c }
    }
}

impl FromStr for Accent {
    type Err = ();

    /// As `e1062c`, also `#e1062c` and `e12`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let digits: Option<Vec<u8>> =
            digits.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
        match digits.as_deref() {
            Some(&[r1, r2, g1, g2, b1, b2]) => {
                Ok(Self { red: r1 * 16 + r2, green: g1 * 16 + g2, blue: b1 * 16 + b2 })
            }
            Some(&[red, green, blue]) => {
                Ok(Self { red: red * 17, green: green * 17, blue: blue * 17 })
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue } = self;
        write!(f, "{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accent_takes_six_or_three_digits_and_nothing_else() {
        for (text, shown) in [("e1062c", "e1062c"), ("#E1062C", "e1062c"), ("fa0", "ffaa00")] {
            assert_eq!(text.parse::<Accent>().map(|accent| accent.to_string()), Ok(shown.into()));
        }
        for text in ["", "#", "red", "e1062", "e1062c00", "##fff", "12345é", "url(x)"] {
            assert_eq!(text.parse::<Accent>(), Err(()), "{text:?}");
        }
    }

    #[test]
    fn accent_has_dark_letters_when_it_is_light() {
        for (text, is_light) in
            [("ffd400", true), ("ffffff", true), ("e1062c", false), ("0033a0", false)]
        {
            assert_eq!(text.parse::<Accent>().map(Accent::is_light), Ok(is_light), "{text}");
        }
    }
}
