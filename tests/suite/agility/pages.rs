//! The pages of runs, dogs and handlers.

use actix::System;
use ringside::http::Privacy;

use crate::support::service::{Service, options};

use super::{Office, at_the_office, trial};

impl Office {
    async fn page(&self, path: &str) -> String {
        let (status, body) = self.service.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

#[test]
fn page_of_a_run_shows_results_targets_and_a_chart() {
    at_the_office(async |office| {
        let page = office.page("/runs/1").await;
        for shown in [
            "<h1 dir=\"auto\">Jumping · G3 / L · Saturday</h1>",
            "6 results, 2 clear, 1 out",
            "href=\"/dogs/007?event=Spring+Cup\"",
            "href=\"/handlers/Julen%20L%C3%A1zaro\"",
            // Bond leads; with a fault there is no lead, and 41 s are excellent.
            "&lt; <b>34.200</b><small class=\"beside\">4.68 m/s</small>",
            "≤ <b>40</b>",
            "&lt; <b>41</b>",
            "<dd>160 m</dd>",
            "Standard time 40.00",
            "href=\"/runs/2\"",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert_eq!(page.matches("<circle").count(), 5, "{page}");
        assert_eq!(page.matches("<details id=\"time-line\"").count(), 1);
        for never in ["style=\"", "onclick", "http-equiv"] {
            assert!(!page.contains(never), "{never}");
        }
        // Nothing is known of this course, and no limit is made up for it.
        let page = office.page("/runs/3").await;
        assert!(page.contains("has not told the standard time"), "{page}");
        assert!(!page.contains("Very good"), "{page}");
    });
}

#[test]
fn page_of_a_run_tells_how_many_dogs_until_a_dorsal() {
    at_the_office(async |office| {
        for (query, said) in [
            ("dorsal=12", "This dog is next, after the one on course."),
            ("dorsal=13", "1 dog before this one."),
            ("dorsal=88&start=10", "6 dogs before this one."),
            ("dorsal=88&start=10", "4 of them are known by their numbers only."),
            ("dorsal=88&start=", "Not announced yet"),
            ("dorsal=88&start=2", "This number has passed."),
            ("dorsal=9", "This dog has run."),
            ("dorsal=13&lang=de", "Noch 1 Hund davor."),
            ("dorsal=13&lang=es", "Falta 1 perro."),
            ("dorsal=13&lang=fr", "Encore 1 chien avant lui."),
            ("dorsal=13&lang=nl", "Nog 1 hond ervoor."),
        ] {
            let page = office.page(&format!("/runs/2?{query}")).await;
            assert!(page.contains(said), "{query}: {page}");
        }
    });
}

#[test]
fn list_of_runs_leads_to_each_and_counts_the_clubs_of_an_event() {
    at_the_office(async |office| {
        let all = office.page("/runs").await;
        for id in 1..=5 {
            assert!(all.contains(&format!("href=\"/runs/{id}\"")), "{id}: {all}");
        }
        assert!(!all.contains("id=\"clubs\""), "{all}");
        let event = office.page("/runs?event=Spring+Cup&day=&type=&lang=nl").await;
        assert!(event.contains("<bdi class=\"name\">Tartu</bdi>"), "{event}");
        assert!(event.contains("href=\"/runs?lang=nl&amp;event=Spring+Cup\""), "{event}");
        assert!(!event.contains("href=\"/runs/5"), "{event}");
        let older = office.page("/runs?before=3").await;
        assert!(older.contains("href=\"/runs/1\"") && !older.contains("href=\"/runs/2\""));
        let (status, _) = office.service.get("/runs?feed=nowhere").await;
        assert_eq!(status, 404);
    });
}

#[test]
fn page_of_a_dog_tells_its_next_start_and_all_its_runs() {
    at_the_office(async |office| {
        let mel = office.page("/dogs/41?event=Spring+Cup").await;
        assert!(mel.contains("This dog is on course now."), "{mel}");
        let zap = office.page("/dogs/13").await;
        assert!(zap.contains("Next start") && zap.contains("1 dog before this one."), "{zap}");
        let flow = office.page("/dogs/9").await;
        assert!(!flow.contains("Next start"), "{flow}");
        for run in ["/runs/1", "/runs/2", "/runs/3"] {
            assert!(flow.contains(&format!("href=\"{run}\"")), "{run}: {flow}");
        }
        // Its place in the other ring is reckoned, since the venue named none.
        assert_eq!(flow.matches("title=\"reckoned by the rules").count(), 1, "{flow}");
        assert!(flow.contains("80.90"), "{flow}");
    });
}

#[test]
fn page_of_a_handler_has_a_row_for_every_dog_and_run() {
    at_the_office(async |office| {
        let anna = office.page("/handlers/anna%20nogu%C3%A9s").await;
        assert!(anna.contains("<h1 dir=\"auto\">Anna Nogués "), "{anna}");
        assert_eq!(anna.matches(">Mel</bdi>").count(), 3, "{anna}");
        assert_eq!(anna.matches(">Zip</bdi>").count(), 2, "{anna}");
    });
}

#[test]
fn pages_say_so_when_there_is_nothing() {
    at_the_office(async |office| {
        for path in
            ["/runs/99", "/runs/none", "/dogs/99", "/dogs/9?event=No", "/handlers/Nobody%20X"]
        {
            let (status, page) = office.service.get(path).await;
            assert_eq!(status, 404, "{path}");
            assert!(page.contains("</html>"), "{path}: {page}");
        }
    });
}

#[test]
fn people_are_initials_everywhere_when_names_are_private() {
    System::new().block_on(async {
        let db = trial::held();
        let private =
            |config: &mut ringside::config::Config| config.http.privacy = Privacy::Initials;
        let service = Service::start_with(&db, "", options(), private).await;
        for path in [
            "/runs",
            "/runs/1",
            "/runs/2?dorsal=13",
            "/dogs/9",
            "/api/v1/runs",
            "/api/v1/runs/1",
            "/api/v1/runs/1/targets",
            "/api/v1/dogs/9",
            "/api/v1/combined?event=Spring%20Cup",
            "/api/v1/clubs?event=Spring%20Cup",
        ] {
            let (status, body) = service.get(path).await;
            assert_eq!(status, 200, "{path}");
            for name in ["Lázaro", "L%C3%A1zaro", "Nogués", "Tamm", "Juez", "/handlers/"] {
                assert!(!body.contains(name), "{path} tells {name}: {body}");
            }
        }
        // Who knows the name may look it up.
        let (status, body) = service.get("/handlers/Julen%20L%C3%A1zaro").await;
        assert!(status == 200 && body.contains("<h1 dir=\"auto\">J. L. "), "{body}");
        service.stop().await;
    });
}
