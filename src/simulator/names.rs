//! Names as venues have them: of every script, with nicknames, duplicates and stray spaces.

use fastrand::Rng;

const DRIVERS: &[&str] = &[
    "Maty",
    "leiño",
    "benjamin seguel",
    "Ale",
    "Zoë",
    "Søren",
    "Мишаня",
    "Venda",
    "A",
    "Κώστας",
    "李雷",
    "さくら",
    "محمد",
    "נועה",
    "Łukasz",
    "Žofie",
    "Driver 05",
    "Stéphane V.",
    "BIG JOE",
    "José-María",
    " Tom",
    "Jürgen ",
    "Ayşe",
    "김민준",
    "d'Artagnan",
    "<b>Max</b>",
    "\"Flash\"",
    "Ørjan",
    "Прохор",
    "🏁 Kim",
    "van der Berg",
    "Nguyễn Văn An",
    "O\\Brien",
    "x",
    "MARTIN",
    "martin",
];

const HANDLERS: &[&str] = &[
    "Julen Lázaro Martínez",
    "Anna Nogues Lopez",
    "Malin Øberg",
    "Zoë Peeters",
    "Jean-Luc Moreau",
    "Štěpánka Nováková",
    "Мария Иванова",
    "田中 陽子",
    "Giulia D'Angelo",
    "Łucja Wójcik",
    "Siân Evans",
    "Þóra Jónsdóttir",
    "Ineke van 't Hof",
    "Ana Sofía Núñez",
    "Björn Åkesson",
    "Ελένη Παππά",
    "João Conceição",
    "Beatriz <Bea> Gil",
    "Marta Puig",
    "Tim O'Neill",
];

const DOGS: &[(&str, &str)] = &[
    ("Flow", "Shetland Sheepdog"),
    ("Mel", "Poodle"),
    ("Kira", "Border Collie"),
    ("Zip", "Border Collie"),
    ("Nala", "Australian Shepherd"),
    ("Ñata", "Mixed"),
    ("Pixel", "Papillon"),
    ("Brío", "Perro de Agua Español"),
    ("Ozzy", "Jack Russell Terrier"),
    ("Лайка", "Mixed"),
    ("Fräulein", "Zwergpinscher"),
    ("Ruby", "English Cocker Spaniel"),
    ("Thor", "Malinois"),
    ("Miró", "Pyrenean Sheepdog"),
    ("Chispa", "Mixed"),
    ("Yuki", "Spitz"),
];

const CLUBS: &[(&str, &str)] = &[
    ("Pawer", "ES"),
    ("Baix Llobregat", "ES"),
    ("Agility Île-de-France", "FR"),
    ("Hundesport Köln", "DE"),
    ("KK Bäckseda", "SE"),
    ("Cão & Companhia", "PT"),
    ("Dog Sport Łódź", "PL"),
    ("", "IT"),
];

/// A name for a driver; the same one may come again.
pub(super) fn driver(rng: &mut Rng) -> String {
    if rng.u8(..10) == 0 {
        return format!("Driver {:02}", rng.u8(1..40));
    }
    pick(rng, DRIVERS).to_owned()
}

pub(super) fn handler(rng: &mut Rng) -> String {
    pick(rng, HANDLERS).to_owned()
}

/// What a dog is called at home, and its breed.
pub(super) fn dog(rng: &mut Rng) -> (&'static str, &'static str) {
    pick(rng, DOGS)
}

/// A club and its country's two letters.
pub(super) fn club(rng: &mut Rng) -> (&'static str, &'static str) {
    pick(rng, CLUBS)
}

/// One of `list`, which must not be empty.
pub(super) fn pick<T: Copy>(rng: &mut Rng, list: &[T]) -> T {
    list[rng.usize(..list.len())]
}
