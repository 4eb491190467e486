//! The way in for people.

use super::*;

#[test]
fn person_without_the_token_is_asked_for_it_and_brought_to_where_they_wanted() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let asked = client.get("/feeds/t?lang=de&token=old-and-wrong-one", PAGE).await;
        assert_eq!(asked.status, 401);
        assert!(asked.body.contains("<form method=\"post\" action=\"/login\">"), "{}", asked.body);
        assert!(asked.body.contains("value=\"/feeds/t?lang=de\""), "{}", asked.body);
        assert!(asked.body.contains("lang=\"de\""), "in the language of the page");
        assert!(!asked.body.contains("old-and-wrong"), "{}", asked.body);
        assert!(!asked.body.contains("<script") && !asked.body.contains("style="));

        let wrong = client.post("/login", "to=%2Ffeeds%2Ft&token=wrong-token-of-length").await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.body.contains("role=\"alert\"") && wrong.body.contains("value=\"/feeds/t\""));
        assert!(wrong.header("set-cookie").is_empty());

        let let_in = client.post("/login", &format!("to=%2Fhealth%3Fa&token={TOKEN}")).await;
        assert_eq!((let_in.status, let_in.header("location")), (303, "/health?a"));
        let cookie = let_in.header("set-cookie");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains(TOKEN), "{cookie}");
        let cookie = format!("Cookie: {}\r\n", let_in.cookie());
        assert_eq!(client.get("/health", &cookie).await.status, 200);
        service.stop().await;
    });
}

#[test]
fn first_visit_with_the_token_is_remembered_and_its_address_is_cleaned() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let answer = client.get(&format!("/feeds/t?a=1&token={TOKEN}&b=2"), PAGE).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/feeds/t?a=1&b=2"));
        assert!(!answer.cookie().is_empty());
        assert_eq!(answer.header("cache-control"), "no-store");
        // A program is no person, and gets what it asked for.
        let answer = client.get(&format!("/health?token={TOKEN}"), "").await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("set-cookie").is_empty());
        // An overlay keeps its address: in a frame of another site there are no cookies.
        let answer = client.get(&format!("/overlay/t?token={TOKEN}"), PAGE).await;
        assert_ne!(answer.status, 303);
        assert!(!answer.cookie().is_empty());
        service.stop().await;
    });
}

#[test]
fn nobody_is_sent_to_another_site() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        for to in [
            "https%3A%2F%2Fevil.example",
            "%2F%2Fevil.example",
            "%2F%5Cevil.example",
            "evil",
            "%2F%09%2Fevil.example",
            "%2F%0D%0ALocation%3A%20https%3A%2F%2Fevil.example",
            "",
            "javascript%3Aalert(1)",
        ] {
            let answer = client.post("/login", &format!("token={TOKEN}&to={to}")).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/"), "{to}");
        }
        let answer = client.get(&format!("//evil.example/?token={TOKEN}"), PAGE).await;
        assert!(!answer.header("location").contains("evil"), "{answer:?}");
        // Nor does what was asked for get out of its place in the page.
        let answer = client.get("/feeds/\"><script>alert(1)</script>", PAGE).await;
        assert!(!answer.body.contains("<script"), "{}", answer.body);
        service.stop().await;
    });
}

#[test]
fn login_takes_a_small_form_and_nothing_else() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let large = format!("token={}", "x".repeat(100_000));
        for body in ["", "to=/", "%ff%fe", "\u{0}", &large] {
            let answer = client.post("/login", body).await;
            assert!(matches!(answer.status, 400 | 401), "{answer:?}");
            assert!(answer.header("set-cookie").is_empty());
        }
        for path in ["/health", "/", "/livez", "/login/style.css"] {
            assert_eq!(client.post(path, "x=y").await.status, 413, "{path}");
        }
        service.stop().await;
    });
}

#[test]
fn guesses_are_slowed_for_who_makes_them_and_nobody_else() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let right = format!("Authorization: Bearer {TOKEN}\r\n");
        let cookie = client.get(&format!("/?token={TOKEN}"), PAGE).await.cookie();
        // An overlay that still has yesterday's token tries again and again.
        for _ in 0..50 {
            assert_eq!(client.get("/relay/t?token=yesterdays-token-1", "").await.status, 401);
        }
        let mut slowed = None;
        for n in 0..40 {
            let answer =
                client.get("/health", &format!("Authorization: Bearer guess-{n}\r\n")).await;
            if answer.status == 429 {
                slowed = Some(answer);
                break;
            }
        }
        let slowed = slowed.expect("forty guesses in a moment");
        assert!(slowed.header("retry-after").parse::<u64>().is_ok_and(|s| (1..=3).contains(&s)));
        let form = client.post("/login", "token=one-more-guess-of-mine").await;
        assert!(form.status == 429 && form.body.contains("Too many wrong tokens"), "{form:?}");
        assert_eq!(client.get("/health", &right).await.status, 429, "a guess must tell nothing");
        let known = format!("Cookie: {cookie}\r\n");
        assert_eq!(client.get("/health", &known).await.status, 200, "a cookie is no guess");
        assert_eq!(client.from(2).get("/health", &right).await.status, 200);
        service.stop().await;
    });
}
