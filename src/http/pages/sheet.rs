//! One drawing of what a page shows, to be served whole or told in pieces.

use maud::{Markup, html};

use crate::http::fragments::Fragments;

/// The element that holds the pieces.
const BOARD: &str = "board";

/// What a page shows at a moment.
#[derive(Default)]
pub(super) struct Sheet {
    /// Elements that have a place of their own on the page.
    loose: Vec<Element>,
    /// What stands on the board, in order; pieces come and go with what is on.
    pieces: Vec<Piece>,
}

#[derive(Clone)]
pub(super) struct Element {
    pub id: String,
    /// One element with this id.
    pub html: Markup,
}

enum Piece {
    Whole(Element),
    List(List),
}

/// A piece with rows that change one by one.
struct List {
    id: String,
    rows: Vec<Element>,
    frame: Frame,
}

/// Draws a list around its rows. They stand in an element of their own, with the id of [`rows_id`].
type Frame = Box<dyn Fn(&Markup) -> Markup>;

/// The id of the element around the rows of a list.
pub(super) fn rows_id(list: &str) -> String {
    format!("{list}-rows")
}

impl Sheet {
    pub fn loose(&mut self, id: &str, html: Markup) {
        self.loose.push(Element { id: id.to_owned(), html });
    }

    pub fn piece(&mut self, id: &str, html: Markup) {
        self.pieces.push(Piece::Whole(Element { id: id.to_owned(), html }));
    }

    pub fn list(
        &mut self,
        id: impl Into<String>,
        rows: Vec<Element>,
        frame: impl Fn(&Markup) -> Markup + 'static,
    ) {
        self.pieces.push(Piece::List(List { id: id.into(), rows, frame: Box::new(frame) }));
    }

    /// The board with all that is on it.
    pub fn board(&self) -> Markup {
        html! {
            div id=(BOARD) {
                @for piece in &self.pieces {
                    @match piece {
                        Piece::Whole(element) => (element.html),
                        Piece::List(list) => ((list.frame)(&list.all_rows())),
                    }
                }
            }
        }
    }

    /// A loose element by its id.
    pub fn element(&self, id: &str) -> Option<&Markup> {
        self.loose.iter().find(|element| element.id == id).map(|element| &element.html)
    }

    /// The same in pieces.
    pub fn fragments(self) -> Fragments {
        let mut fragments = Fragments::default();
        for element in self.loose {
            fragments.part(element.id, element.html);
        }
        let mut order = Vec::new();
        for piece in self.pieces {
            match piece {
                Piece::Whole(element) => {
                    order.push(element.id.clone());
                    fragments.part(element.id, element.html);
                }
                Piece::List(list) => {
                    let ids = list.rows.iter().map(|row| row.id.clone()).collect();
                    fragments.order(rows_id(&list.id), ids);
                    order.push(list.id.clone());
                    // Without its rows: they are told one by one.
                    fragments.part(list.id, (list.frame)(&html! {}));
                    for row in list.rows {
                        fragments.part(row.id, row.html);
                    }
                }
            }
        }
        fragments.order(BOARD, order);
        fragments
    }
}

impl List {
    fn all_rows(&self) -> Markup {
        html! { @for row in &self.rows { (row.html) } }
    }
}
