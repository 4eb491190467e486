//! The pictures of the documentation: not a test, but the demo as a browser shows it.

use std::{
    fs::{self, File},
    io::Cursor,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use actix::System;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{chromium::Page, program::command, wait_until, wait_within};

/// What README.md is weighed down by each picture.
const MAX_BYTES: usize = 150_000;
/// Names in this one are of scripts that every machine has letters for.
const SEED: &str = "96";
const A_MINUTE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "writes docs/images; `make screenshots` does it"]
fn screenshots_of_the_demo() {
    System::new().block_on(async {
        // Quick, so that a heat is over soon.
        let quick = Demo::start(&["--seed", SEED, "--speed", "30"]).await;
        quick.take_past_heat().await;
        quick.stop().await;

        let demo = Demo::start(&["--seed", SEED]).await;
        let began = Instant::now();
        wait_within(A_MINUTE * 2, "a minute passes", async || began.elapsed() >= A_MINUTE).await;
        let desk = (1280, 800);
        demo.take("fleet", "/", (1280, 520), "document.querySelector('.card .on')").await;
        demo.take("karting", "/feeds/track-1", desk, "document.querySelector('.chart svg')").await;
        demo.take("agility", "/feeds/ring-2", desk, "document.querySelector('.dog-name')").await;
        demo.take("phone", "/feeds/track-1", (390, 844), "document.querySelector('td.last')").await;
        let wall = "/feeds/track-3?wall";
        demo.take("wall", wall, (1280, 720), "document.querySelector('td.last')").await;
        let shown = "document.querySelector('#air:not(.off) #last')";
        let overlay = "/overlay/track-2?parts=clock,tower,last,best,battle";
        demo.take("overlay", overlay, (1280, 720), shown).await;
        let builder = "/overlay?feed=ring-2&parts=run,dog,result,next,clock,beat,best&scale=1.4";
        demo.take("overlay-builder", builder, (1280, 900), "true").await;
        demo.stop().await;
    });
}

struct Demo {
    program: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Demo {
    async fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        let program = command(&["demo", "--bind", "127.0.0.1:0"])
            .args(arguments)
            .stdout(File::create(&said).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = || {
            let said = fs::read_to_string(&said).unwrap();
            let told = said.lines().find_map(|line| line.strip_prefix("watch     "))?;
            Some(told.trim_end_matches('/').to_owned())
        };
        wait_until("the demo is up", async || address().is_some()).await;
        Self { program, address: address().unwrap(), _folder: folder }
    }

    async fn stop(mut self) {
        self.interrupt();
        wait_until("its end", async || self.program.try_wait().unwrap().is_some()).await;
    }

    fn interrupt(&self) {
        let program = Pid::from_raw(self.program.id().try_into().unwrap());
        // It may have ended by itself.
        kill(program, Signal::SIGINT).ok();
    }

    async fn take_past_heat(&self) {
        let mut page = Page::blank().await;
        let list = format!("{}/feeds/track-1/heats", self.address);
        // The first but one is over: another came after it.
        let heat = "[...document.querySelectorAll('a[href*=\"/heats/\"]')].map((a) => a.pathname)\
                    .filter((path) => /heats\\/\\d+$/.test(path))[1] ?? null";
        let mut path = None;
        wait_within(A_MINUTE * 2, "a heat is over", async || {
            page.go(&list).await;
            path = page.evaluate(heat).await.as_str().map(str::to_owned);
            path.is_some()
        })
        .await;
        let path = path.unwrap();
        self.take("heat", &path, (1280, 560), "document.querySelector('.chart svg')").await;
        self.take("pace", &path, (1280, 560), "document.querySelector('#pace')").await;
        self.take("heats", "/heats", (1280, 460), "document.querySelector('.heats')").await;
    }

    /// Takes the picture once `shown` is true and everything that moves has come to rest.
    async fn take(&self, name: &str, path: &str, (width, height): (u32, u32), shown: &str) {
        let mut page = Page::blank().await;
        page.set_viewport(width, height, width < 500).await;
        page.set_dark(matches!(name, "karting" | "wall")).await;
        page.go(&format!("{}{path}", self.address)).await;
        page.wait_until(shown).await;
        let first_seen = match name {
            "heat" => Some(".chart"),
            "pace" => Some("#pace"),
            _ => None,
        };
        if let Some(first) = first_seen {
            page.evaluate(&format!("document.querySelector('{first}').scrollIntoView()")).await;
        }
        if path.starts_with("/overlay/") {
            // On nothing it would be hard to read here.
            page.evaluate(GROUND).await;
        }
        let began = Instant::now();
        // What comes in right after the page does.
        wait_until("it has settled", async || began.elapsed() > Duration::from_secs(3)).await;
        page.wait_until(&format!("{shown} && document.getAnimations().length === 0")).await;
        let png = smaller(&page.png().await);
        println!("{name}: {} bytes", png.len());
        assert!(png.len() < MAX_BYTES, "{name} is too large");
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/images");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), png).unwrap();
        page.assert_no_errors().await;
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Also when a picture fails; it ends what it has started.
        if matches!(self.program.try_wait(), Ok(None)) {
            self.interrupt();
        }
    }
}

/// The same picture in fewer bytes than a browser takes the time for.
fn smaller(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let pixels = &pixels[..info.buffer_size()];
    // Of the edges of letters six bits a colour are as good as eight.
    let coarse = |value: &u8| value & 0xfc | value >> 6;
    let opaque: Vec<u8> = match info.color_type {
        png::ColorType::Rgba => {
            pixels.chunks(4).flat_map(|pixel| &pixel[..3]).map(coarse).collect()
        }
        _ => pixels.iter().map(coarse).collect(),
    };
    let mut smaller = Vec::new();
    let mut encoder = png::Encoder::new(&mut smaller, info.width, info.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(info.bit_depth);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::Adaptive);
    encoder.write_header().unwrap().write_image_data(&opaque).unwrap();
    smaller
}

const GROUND: &str = "document.documentElement.style.background =
    'linear-gradient(171deg, #9fb9c9 30%, #47663f 30.3% 50%, #c9c9c9 50.3% 53%, #4b4e53 53.3%)'";
