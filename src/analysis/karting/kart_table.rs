//! The karts of a track, one beside the other.

use std::collections::BTreeMap;

use super::{
    Spread,
    kart_model::{KartEffect, KartModel, LEAST_LAPS, Measure, Stint, compare_karts},
};

/// All karts that were driven in a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KartTable {
    /// Those that can be compared by their median laps, the quickest first; then the others.
    pub karts: Vec<KartRow>,
    /// By how much stints differ by chance, milliseconds, as in [`KartModel`].
    pub median_scatter_ms: Option<f64>,
    pub best_scatter_ms: Option<f64>,
}

/// What is known of a kart.
#[derive(Clone, Debug, PartialEq)]
pub struct KartRow {
    pub kart: String,
    /// What it is worth on median laps, and on best laps; none where it can't be compared.
    pub median: Option<KartEffect>,
    pub best: Option<KartEffect>,
    /// All with the kart, also those that were not compared.
    pub stints: usize,
    pub laps: i64,
    /// The quickest lap that was driven with it, whoever did.
    pub best_lap_ms: i32,
    /// How the medians of its stints are spread, whoever drove; none of stints that are too short.
    pub spread: Option<Spread>,
}

/// Compares the karts of these stints, all of one track.
pub fn kart_table(stints: &[Stint<'_>]) -> KartTable {
    let [median, best] = [Measure::Median, Measure::Best].map(|by| compare_karts(stints, by));
    let scatters = (median.scatter_ms, best.scatter_ms);
    let [mut median, mut best] = [median, best].map(by_kart);
    let mut of_kart: BTreeMap<&str, Vec<&Stint<'_>>> = BTreeMap::new();
    for stint in stints.iter().filter(|stint| !stint.kart.is_empty()) {
        of_kart.entry(stint.kart).or_default().push(stint);
    }
    let row = |(kart, stints): (&str, Vec<&Stint<'_>>)| {
        let long = stints.iter().filter(|stint| stint.laps >= LEAST_LAPS);
        Some(KartRow {
            kart: kart.to_owned(),
            median: median.remove(kart),
            best: best.remove(kart),
            stints: stints.len(),
            laps: stints.iter().map(|stint| i64::from(stint.laps)).sum(),
            best_lap_ms: stints.iter().map(|stint| stint.best_ms).min()?,
            spread: Spread::of(long.map(|stint| stint.median_ms).collect()),
        })
    };
    let mut karts: Vec<KartRow> = of_kart.into_iter().filter_map(row).collect();
    let effect = |row: &KartRow| row.median.as_ref().map_or(f64::INFINITY, |one| one.effect_ms);
    // Stable: karts that can't be compared stay in the order of their names.
    karts.sort_by(|a, b| effect(a).total_cmp(&effect(b)));
    KartTable { karts, median_scatter_ms: scatters.0, best_scatter_ms: scatters.1 }
}

fn by_kart(model: KartModel) -> BTreeMap<String, KartEffect> {
    model.karts.into_iter().map(|effect| (effect.kart.clone(), effect)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_every_kart_and_those_that_can_not_be_compared_come_last() {
        let day = "2026-05-01".parse().unwrap();
        let stint = |heat, name, kart, median_ms: i32, laps| Stint {
            heat,
            driver_id: 1,
            name,
            kart,
            day,
            laps,
            best_ms: median_ms - 500,
            median_ms,
        };
        let table = kart_table(&[
            stint(1, "ann", "7", 40_000, 10),
            stint(1, "bob", "9", 42_000, 10),
            stint(2, "ann", "9", 41_200, 10),
            stint(2, "bob", "7", 42_600, 10),
            stint(2, "eve", "1", 39_000, 3),
            stint(2, "kim", "", 39_000, 9),
        ]);
        let names: Vec<_> = table.karts.iter().map(|row| row.kart.as_str()).collect();
        assert_eq!(names, ["7", "9", "1"]);
        let [quick, _, apart] = table.karts.as_slice() else { panic!("{table:?}") };
        assert_eq!(quick.median.as_ref().map(|one| one.effect_ms.round()), Some(-150.0));
        assert_eq!((quick.stints, quick.laps, quick.best_lap_ms), (2, 20, 39_500));
        assert_eq!(quick.spread.map(|spread| (spread.low, spread.high)), Some((40_000, 42_600)));
        assert_eq!((apart.median.as_ref(), apart.spread, apart.best_lap_ms), (None, None, 38_500));
    }
}
