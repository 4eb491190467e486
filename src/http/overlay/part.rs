//! The parts of an overlay, and where they stand.

use super::choice::{Choice, choices};

choices! {
    /// What a feed is about.
    Sport {
        Karting = "karting",
        Agility = "agility",
    }
}

choices! {
    /// A piece of an overlay.
    Part {
        /// The heat and its clock; the running time of the dog on course.
        Clock = "clock",
        /// The table of the heat.
        Tower = "tower",
        /// The lap that was just driven.
        Last = "last",
        /// The fastest lap; the best dogs of the run.
        Best = "best",
        /// The two closest to each other.
        Battle = "battle",
        /// The run and its course.
        Run = "run",
        /// The dog on course.
        Dog = "dog",
        /// What the dog on course needs to lead.
        Beat = "beat",
        /// The result of the dog that is done.
        Result = "result",
        /// The dog that starts next.
        Next = "next",
        /// The best over brother runs.
        Combined = "combined",
    }
}

choices! {
    /// Where a part stands; those at one place stand below each other.
    Place {
        TopLeft = "top-left",
        Top = "top",
        TopRight = "top-right",
        Left = "left",
        Middle = "middle",
        Right = "right",
        BottomLeft = "bottom-left",
        Bottom = "bottom",
        BottomRight = "bottom-right",
    }
}

impl Sport {
    /// All that there is to show, in the order in which it is offered.
    pub fn parts(self) -> &'static [Part] {
        match self {
            Self::Karting => &[Part::Clock, Part::Tower, Part::Last, Part::Best, Part::Battle],
            Self::Agility => &[
                Part::Run,
                Part::Dog,
                Part::Result,
                Part::Next,
                Part::Clock,
                Part::Beat,
                Part::Best,
                Part::Combined,
            ],
        }
    }

    /// What is shown where the address does not say.
    pub fn usual_parts(self) -> &'static [Part] {
        match self {
            Self::Karting => &[Part::Clock, Part::Tower, Part::Last],
            Self::Agility => &[Part::Dog, Part::Result, Part::Next, Part::Clock, Part::Beat],
        }
    }

    pub fn has(self, part: Part) -> bool {
        self.parts().contains(&part)
    }

    /// Where a part stands where the address does not say: a table at the side, people below.
    pub fn usual_place(self, part: Part) -> Place {
        match (self, part) {
            (Self::Karting, Part::Clock) | (_, Part::Tower | Part::Run) => Place::TopLeft,
            (_, Part::Last | Part::Dog | Part::Result | Part::Next) => Place::BottomLeft,
            (_, Part::Clock | Part::Beat | Part::Battle) => Place::BottomRight,
            (_, Part::Best | Part::Combined) => Place::TopRight,
        }
    }
}

impl Place {
    /// The id of its container.
    pub fn id(self) -> String {
        format!("at-{}", self.word())
    }
}
