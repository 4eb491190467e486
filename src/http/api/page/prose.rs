//! What descriptions say in sentences and tables: the little of Markdown that is in them.

use maud::{Markup, html};

/// Paragraphs, and tables folded away.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for part in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
            @if part.starts_with('|') { (table(part)) } @else { p { (inline(part)) } }
        }
    }
}

/// What stands between backticks is code.
pub(super) fn inline(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The second line only parts the head from the rows.
fn table(part: &str) -> Markup {
    let mut lines = part.lines();
    let head = lines.next().map(cells).unwrap_or_default();
    html! {
        details {
            summary { "Columns" }
            div.sideways tabindex="0" role="region" aria-label="Columns" {
                table.fields {
                    thead { tr { @for cell in &head { th scope="col" { (cell) } } } }
                    tbody {
                        @for line in lines.skip(1) {
                            tr { @for cell in cells(line) { td { (inline(cell)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split(" | ").map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_draws_tables_and_code_and_escapes_the_rest() {
        let text = "All `laps` <b>.\n\n| column | type |\n|---|---|\n| `lap_ms` | a < b |\n";
        let drawn = prose(text).into_string();
        assert!(drawn.starts_with("<p>All <code>laps</code> &lt;b&gt;.</p><details>"), "{drawn}");
        assert!(
            drawn.contains("<th scope=\"col\">column</th><th scope=\"col\">type</th>"),
            "{drawn}"
        );
        assert!(
            drawn.contains("<tr><td><code>lap_ms</code></td><td>a &lt; b</td></tr>"),
            "{drawn}"
        );
        assert!(!drawn.contains('|') && !drawn.contains("---"), "{drawn}");
    }
}
