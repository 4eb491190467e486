//! What is said of the pace, in each language.

use crate::http::words::Lang;

pub(super) struct PaceWords {
    pub pace: &'static str,
    // Columns.
    pub laps: &'static str,
    pub median: &'static str,
    pub middle_half: &'static str,
    pub consistency: &'static str,
    pub slope: &'static str,
    pub thirds: &'static str,
    pub aside: &'static str,
    // What a slope says.
    pub slower: &'static str,
    pub quicker: &'static str,
    pub even: &'static str,
    // Before the numbers of laps that were set aside.
    pub slow: &'static str,
    pub short: &'static str,
    /// Before how many there are.
    pub computed: &'static str,
    pub what_is_this: &'static str,
    pub means: [&'static str; 3],
}

impl PaceWords {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&EN, &ES, &DE, &FR, &NL])
    }
}

static EN: PaceWords = PaceWords {
    pace: "Pace and consistency",
    laps: "Laps",
    median: "Median",
    middle_half: "Middle half",
    consistency: "Consistency",
    slope: "Per lap",
    thirds: "First → last third",
    aside: "Set aside",
    slower: "laps became slower",
    quicker: "laps became quicker",
    even: "neither slower nor quicker for certain",
    slow: "slow: lap",
    short: "too short: lap",
    computed: "computed:",
    what_is_this: "What do these figures mean?",
    means: [
        "Counted is every measured lap after the first, without those that tell nothing of the pace: slow ones (a spin, the pits, a yellow flag: over the median by more than 5 % and by more than three robust standard deviations) and those below three quarters of the median. They are listed as set aside.",
        "Middle half: how far apart the laps in the middle half are; the less, the more even. Consistency: 100 % when all laps are the same, less by the standard deviation as a part of the mean.",
        "Per lap: by how much each lap was slower than the one before, on a straight line through all of them, with the half width of its 95 % interval. A sign stands before it when the interval leaves out zero. First → last third: medians of the first and the last third of the laps.",
    ],
};

static ES: PaceWords = PaceWords {
    pace: "Ritmo y regularidad",
    laps: "Vueltas",
    median: "Mediana",
    middle_half: "Mitad central",
    consistency: "Regularidad",
    slope: "Por vuelta",
    thirds: "Primer → último tercio",
    aside: "Apartadas",
    slower: "las vueltas se hicieron más lentas",
    quicker: "las vueltas se hicieron más rápidas",
    even: "ni más lentas ni más rápidas con certeza",
    slow: "lentas: vuelta",
    short: "demasiado cortas: vuelta",
    computed: "calculadas:",
    what_is_this: "¿Qué significan estas cifras?",
    means: [
        "Cuenta toda vuelta medida después de la primera, salvo las que no dicen nada del ritmo: las lentas (un trompo, boxes, bandera amarilla: por encima de la mediana en más de un 5 % y en más de tres desviaciones típicas robustas) y las que están por debajo de tres cuartos de la mediana. Se indican como apartadas.",
        "Mitad central: cuánto se separan las vueltas de la mitad central; cuanto menos, más regular. Regularidad: 100 % si todas las vueltas son iguales, menos la desviación típica como parte de la media.",
        "Por vuelta: cuánto más lenta fue cada vuelta que la anterior, en una recta por todas ellas, con la semiamplitud de su intervalo del 95 %. Lleva signo si el intervalo deja fuera el cero. Primer → último tercio: medianas del primer y del último tercio de las vueltas.",
    ],
};

static DE: PaceWords = PaceWords {
    pace: "Tempo und Gleichmäßigkeit",
    laps: "Runden",
    median: "Median",
    middle_half: "Mittlere Hälfte",
    consistency: "Gleichmäßigkeit",
    slope: "Je Runde",
    thirds: "Erstes → letztes Drittel",
    aside: "Nicht gezählt",
    slower: "die Runden wurden langsamer",
    quicker: "die Runden wurden schneller",
    even: "weder sicher langsamer noch schneller",
    slow: "langsam: Runde",
    short: "zu kurz: Runde",
    computed: "berechnet:",
    what_is_this: "Was bedeuten diese Zahlen?",
    means: [
        "Gezählt wird jede gemessene Runde nach der ersten, ohne die, die nichts über das Tempo sagen: langsame (Dreher, Box, gelbe Flagge: um mehr als 5 % und um mehr als drei robuste Standardabweichungen über dem Median) und solche unter drei Vierteln des Medians. Sie stehen unter „Nicht gezählt“.",
        "Mittlere Hälfte: wie weit die Runden der mittleren Hälfte auseinanderliegen; je weniger, desto gleichmäßiger. Gleichmäßigkeit: 100 %, wenn alle Runden gleich sind, weniger um die Standardabweichung als Teil des Mittels.",
        "Je Runde: um wie viel jede Runde langsamer war als die davor, auf einer Geraden durch alle, mit der halben Breite ihres 95-%-Intervalls. Ein Zeichen steht davor, wenn die Null außerhalb liegt. Erstes → letztes Drittel: Mediane des ersten und des letzten Drittels der Runden.",
    ],
};

static FR: PaceWords = PaceWords {
    pace: "Rythme et régularité",
    laps: "Tours",
    median: "Médiane",
    middle_half: "Moitié centrale",
    consistency: "Régularité",
    slope: "Par tour",
    thirds: "Premier → dernier tiers",
    aside: "Écartés",
    slower: "les tours sont devenus plus lents",
    quicker: "les tours sont devenus plus rapides",
    even: "ni plus lents ni plus rapides à coup sûr",
    slow: "lents : tour",
    short: "trop courts : tour",
    computed: "calculés :",
    what_is_this: "Que veulent dire ces chiffres ?",
    means: [
        "Compte tout tour mesuré après le premier, sauf ceux qui ne disent rien du rythme : les lents (tête-à-queue, stand, drapeau jaune : au-dessus de la médiane de plus de 5 % et de plus de trois écarts types robustes) et ceux sous les trois quarts de la médiane. Ils sont indiqués comme écartés.",
        "Moitié centrale : l’étendue des tours de la moitié centrale ; plus elle est petite, plus c’est régulier. Régularité : 100 % si tous les tours sont égaux, moins l’écart type comme part de la moyenne.",
        "Par tour : de combien chaque tour fut plus lent que le précédent, sur une droite à travers tous, avec la demi-largeur de son intervalle à 95 %. Un signe le précède si l’intervalle exclut zéro. Premier → dernier tiers : médianes du premier et du dernier tiers des tours.",
    ],
};

static NL: PaceWords = PaceWords {
    pace: "Tempo en regelmaat",
    laps: "Rondes",
    median: "Mediaan",
    middle_half: "Middelste helft",
    consistency: "Regelmaat",
    slope: "Per ronde",
    thirds: "Eerste → laatste derde",
    aside: "Niet geteld",
    slower: "de rondes werden langzamer",
    quicker: "de rondes werden sneller",
    even: "niet zeker langzamer of sneller",
    slow: "langzaam: ronde",
    short: "te kort: ronde",
    computed: "berekend:",
    what_is_this: "Wat betekenen deze cijfers?",
    means: [
        "Geteld wordt elke gemeten ronde na de eerste, zonder de rondes die niets over het tempo zeggen: langzame (spin, pits, gele vlag: meer dan 5 % en meer dan drie robuuste standaardafwijkingen boven de mediaan) en rondes onder driekwart van de mediaan. Ze staan onder ‘Niet geteld’.",
        "Middelste helft: hoe ver de rondes van de middelste helft uiteen liggen; hoe minder, hoe regelmatiger. Regelmaat: 100 % als alle rondes gelijk zijn, minder met de standaardafwijking als deel van het gemiddelde.",
        "Per ronde: hoeveel langzamer elke ronde was dan de vorige, op een rechte lijn door alle rondes, met de halve breedte van het 95%-interval. Er staat een teken voor als nul erbuiten valt. Eerste → laatste derde: medianen van het eerste en het laatste derde deel van de rondes.",
    ],
};
