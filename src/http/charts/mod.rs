//! Charts as SVG: laps and positions of a heat.
