//! Names at the ends of lines: short enough, without tricks, and none on top of another.

/// Room for a name, in widths of a Latin letter.
const CELLS: usize = 15;

/// The name as a chart has room for it: what can't be seen or turns the direction of text is left
/// out, and a long one ends with `…`. The kart tells apart those who share a name.
pub fn short(name: &str, kart: Option<&str>) -> String {
    match kart.map(|kart| cut(kart, CELLS / 3)).filter(|kart| !kart.is_empty()) {
        Some(kart) => format!("{} #{kart}", cut(name, CELLS - kart.chars().count() - 2)),
        None => cut(name, CELLS),
    }
}

fn cut(name: &str, most: usize) -> String {
    let (mut label, mut cells) = (String::new(), 0);
    let mut seen = name.trim().chars().filter(|&c| is_harmless(c)).peekable();
    while let Some(c) = seen.next() {
        let room = if seen.peek().is_some() { most - 1 } else { most };
        if cells + width(c) > room {
            label.push('…');
            break;
        }
        cells += width(c);
        label.push(c);
    }
    label
}

/// Moves what lies at these heights apart, in their order from top to bottom, by at least `apart`
/// and within `top..=bottom`, which has room for all of them.
pub fn spread(heights: &mut [i32], apart: i32, top: i32, bottom: i32) {
    let mut free = top;
    for height in heights.iter_mut() {
        *height = (*height).max(free);
        free = *height + apart;
    }
    let mut free = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(free);
        free = *height - apart;
    }
}

/// XML knows no control characters; the others would turn or hide what comes after them.
fn is_harmless(c: char) -> bool {
    !matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}')
}

/// Ideographs and pictures are twice as wide as letters; that is as exact as it must be.
fn width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 2,
        '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' => 2,
        '\u{1f000}'..='\u{3ffff}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_cut_when_there_is_no_room() {
        assert_eq!(short("Ann", None), "Ann");
        assert_eq!(short(" Tom ", None), "Tom");
        assert_eq!(short("exactly fifteen", None), "exactly fifteen");
        assert_eq!(short("longer than fifteen", None), "longer than fi…");
        assert_eq!(short("李雷李雷李雷李雷李雷", None), "李雷李雷李雷李…");
        assert_eq!(short("🏁 Kim", None), "🏁 Kim");
        assert_eq!(short("", None), "");
    }

    #[test]
    fn name_loses_what_turns_or_hides_others() {
        assert_eq!(short("a\u{202e}b\0c\nd\u{2066}e\u{ffff}", None), "abcde");
        assert_eq!(short("محمد", None), "محمد");
    }

    #[test]
    fn name_that_is_shared_is_told_apart_by_the_kart() {
        assert_eq!(short("Ann", Some("07")), "Ann #07");
        assert_eq!(short("longer than fifteen", Some("14")), "longer tha… #14");
        assert_eq!(short("Ann", Some("")), "Ann");
        assert_eq!(short("Ann", Some("no kart at all")), "Ann #no k…");
    }

    #[test]
    fn labels_part_where_they_lie_on_top_of_each_other() {
        let spread = |mut heights: Vec<i32>| {
            super::spread(&mut heights, 10, 0, 40);
            heights
        };
        assert_eq!(spread(vec![0, 20, 40]), [0, 20, 40]);
        assert_eq!(spread(vec![5, 5, 5]), [5, 15, 25]);
        assert_eq!(spread(vec![40, 40, 40]), [20, 30, 40]);
        assert_eq!(spread(vec![-9, 0, 0, 99, 99]), [0, 10, 20, 30, 40]);
        assert_eq!(spread(vec![]), Vec::<i32>::new());
    }
}
