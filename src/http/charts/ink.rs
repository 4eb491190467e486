//! What a shape is, in place of a colour: the plotter knows only colours, the page has themes.
//!
//! To the plotter an ink is a colour that says what it stands for; [`classes`] then turns the colours
//! of its drawing into classes and leaves out what the stylesheet decides.

use std::fmt::Write;

use plotters::style::RGBColor;

/// Hues that are told apart in the light, in the dark and by the colour-blind. Whoever shares a hue
/// with another has a line of another dash.
const HUES: u8 = 8;
const DASHES: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Axis,
    Grid,
    Text,
    /// The n-th driver of a heat.
    Driver(u8),
    /// Leads from the end of a driver's line to the name.
    Leader(u8),
}

impl Ink {
    /// So many drivers look different.
    pub const DRIVERS: u8 = HUES * DASHES;

    pub fn color(self) -> RGBColor {
        let (what, who) = match self {
            Self::Axis => (0, 0),
            Self::Grid => (1, 0),
            Self::Text => (2, 0),
            Self::Driver(n) => (3, n),
            Self::Leader(n) => (4, n),
        };
        RGBColor(what, who, 0)
    }

    fn of_color(color: &str) -> Option<Self> {
        let number = u32::from_str_radix(color.strip_prefix('#')?, 16).ok()?;
        let [_, what, who, _] = number.to_be_bytes();
        Some(match what {
            0 => Self::Axis,
            1 => Self::Grid,
            2 => Self::Text,
            3 => Self::Driver(who),
            4 => Self::Leader(who),
            _ => return None,
        })
    }

    fn class(self) -> String {
        match self {
            Self::Axis => "axis".to_owned(),
            Self::Grid => "grid".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Driver(n) => format!("c{} d{}", n % HUES, n / HUES % DASHES),
            Self::Leader(n) => format!("c{} leader", n % HUES),
        }
    }
}

/// The shapes of a drawing of the plotter's SVG backend with classes instead of looks.
///
/// The backend writes a tag a line, escapes texts and values, and puts a text on a line of its own:
/// so a line that begins with `<` is a tag, and its values stand at every second quote.
pub fn classes(drawing: &str) -> String {
    let mut shapes = String::with_capacity(drawing.len());
    for line in drawing.lines() {
        if line.starts_with("<svg") || line == "</svg>" {
            continue;
        }
        match line.strip_prefix('<').filter(|tag| !tag.starts_with('/')) {
            Some(tag) => shapes.push_str(&retag(tag)),
            None => shapes.push_str(line),
        }
    }
    shapes
}

fn retag(tag: &str) -> String {
    let (name, rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let end = if tag.ends_with("/>") { "/>" } else { ">" };
    let (mut attributes, mut classes, mut is_hollow) = (String::new(), Vec::new(), false);
    let mut pieces = rest.split('"');
    while let (Some(key), Some(value)) = (pieces.next(), pieces.next()) {
        match key.trim().trim_end_matches('=') {
            "opacity" | "stroke-width" | "font-family" | "font-size" => {}
            "fill" if value == "none" => is_hollow = name == "circle",
            "fill" | "stroke" => classes.extend(Ink::of_color(value).map(Ink::class)),
            key => {
                // Writing to a string does not fail.
                write!(attributes, " {key}=\"{}\"", value.trim_end()).ok();
            }
        }
    }
    if is_hollow {
        classes.push("hollow".to_owned());
    }
    format!("<{name} class=\"{}\"{attributes}{end}", classes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_survives_its_colour() {
        for ink in [Ink::Axis, Ink::Grid, Ink::Text, Ink::Driver(23), Ink::Leader(7)] {
            let RGBColor(r, g, b) = ink.color();
            assert_eq!(Ink::of_color(&format!("#{r:02X}{g:02X}{b:02X}")), Some(ink));
        }
        assert_eq!(Ink::of_color("none"), None);
        assert_eq!(Ink::of_color("#FF0000"), None);
    }

    #[test]
    fn drivers_look_different_as_long_as_there_are_inks() {
        let mut classes: Vec<_> = (0..Ink::DRIVERS).map(|n| Ink::Driver(n).class()).collect();
        classes.sort();
        classes.dedup();
        assert_eq!(classes.len(), usize::from(Ink::DRIVERS));
    }

    #[test]
    fn drawing_loses_its_looks_and_keeps_its_shapes() {
        let drawing = concat!(
            "<svg width=\"9\" height=\"9\" viewBox=\"0 0 9 9\" xmlns=\"http://www.w3.org/2000/svg\">\n",
            "<polyline fill=\"none\" opacity=\"1\" stroke=\"#030900\" stroke-width=\"1\" points=\"1,2 3,4 \"/>\n",
            "<circle cx=\"1\" cy=\"2\" r=\"3\" opacity=\"1\" fill=\"none\" stroke=\"#030000\" stroke-width=\"1\"/>\n",
            "<text x=\"1\" y=\"2\" dy=\"0.5ex\" text-anchor=\"start\" font-family=\"sans-serif\" ",
            "font-size=\"9\" opacity=\"1\" fill=\"#020000\">\n&lt;text fill=&quot;red&quot;&gt;\n</text>\n",
            "</svg>\n"
        );
        assert_eq!(
            classes(drawing),
            "<polyline class=\"c1 d1\" points=\"1,2 3,4\"/>\
             <circle class=\"c0 d0 hollow\" cx=\"1\" cy=\"2\" r=\"3\"/>\
             <text class=\"text\" x=\"1\" y=\"2\" dy=\"0.5ex\" text-anchor=\"start\">\
             &lt;text fill=&quot;red&quot;&gt;</text>"
        );
    }
}
