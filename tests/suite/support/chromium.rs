//! A headless Chromium, driven over its DevTools protocol.
//!
//! One browser serves all tests of the process; every [`Page`] has a context of its own, so that no
//! test sees another's cookies or storage. It collects what a person would find in the console, and a
//! test ends with [`Page::assert_no_errors`].

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    pin::Pin,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use awc::{error::WsProtocolError, ws};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytestring::ByteString;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::LIMIT;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const MISSING: &str = "Chromium is missing: sudo apt-get install chromium";
/// A picture of a page at most.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Arguments: the program, its folder. The browser ends when the input does, which is when the process
/// of the tests ends, however that happens; then the folder goes.
const HOLD_BROWSER: &str = r#"
exec 3<&0
"$1" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --disable-dev-shm-usage --disable-background-timer-throttling --disable-renderer-backgrounding \
    --disable-backgrounding-occluded-windows --hide-scrollbars \
    --remote-debugging-port=0 --user-data-dir="$2/profile" about:blank >"$2/log" 2>&1 3<&- &
browser=$!
{ cat <&3 >/dev/null; kill $browser 2>/dev/null; sleep 5; kill -KILL $browser 2>/dev/null; } &
killer=$!
wait $browser
kill $killer 2>/dev/null
cd /
# Its children may still be writing.
for try in 1 2 3 4 5; do rm -rf "$2" 2>/dev/null && break; sleep 1; done
"#;

struct Browser {
    /// Of its own websocket.
    address: String,
    /// Its input is the pipe; it must never be dropped.
    _holder: Child,
}

impl Browser {
    fn shared() -> &'static Self {
        static BROWSER: OnceLock<Browser> = OnceLock::new();
        BROWSER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let program = program().unwrap_or_else(|| panic!("{MISSING}"));
        let folder =
            tempfile::Builder::new().prefix("ringside-test-chromium-").tempdir().unwrap().keep();
        let mut holder = Command::new("/bin/sh")
            .args(["-c", HOLD_BROWSER, "hold-browser"])
            .arg(program)
            .arg(&folder)
            .current_dir(&folder)
            // What it leaves behind goes with the folder.
            .env("TMPDIR", &folder)
            .stdin(Stdio::piped())
            // Ctrl-C must not take the shell before it has cleaned up.
            .process_group(0)
            .spawn()
            .unwrap();
        let began = Instant::now();
        let port_file = folder.join("profile/DevToolsActivePort");
        loop {
            // The file has the port and the path, each on its line.
            let told = fs::read_to_string(&port_file).unwrap_or_default();
            if let Some((port, path)) = told.split_once('\n').filter(|(_, path)| !path.is_empty()) {
                let address = format!("http://127.0.0.1:{port}{}", path.trim_end());
                return Self { address, _holder: holder };
            }
            let ended = holder.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < LIMIT, "{}", log(&folder));
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let named = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    named.into_iter().find(|program| program.is_file())
}

fn log(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    format!("Chromium does not come up:\n{log}")
}

/// A tab with a context of its own, which ends with it.
pub struct Page {
    calls: Pin<Box<dyn Sink<ws::Message, Error = WsProtocolError>>>,
    answers: Pin<Box<dyn Stream<Item = Result<ws::Frame, WsProtocolError>>>>,
    session: String,
    last_id: u64,
    /// What a person would call an error, in the order in which it happened.
    errors: Vec<String>,
    /// Bytes on the wire by request, since the latest [`Page::go`].
    transferred: BTreeMap<String, u64>,
    /// Addresses asked for, since then.
    requested: Vec<String>,
}

impl Page {
    /// An empty page, 1280 × 800.
    pub async fn blank() -> Self {
        let client = awc::Client::builder().disable_timeout().finish();
        let opening = client.ws(&Browser::shared().address).max_frame_size(MAX_MESSAGE_BYTES);
        let (_, socket) = opening.connect().await.unwrap_or_else(|error| panic!("{error}"));
        let (calls, answers) = socket.split();
        let mut page = Self {
            calls: Box::pin(calls),
            answers: Box::pin(answers),
            session: String::new(),
            last_id: 0,
            errors: Vec::new(),
            transferred: BTreeMap::new(),
            requested: Vec::new(),
        };
        let context = page.call("Target.createBrowserContext", json!({"disposeOnDetach": true}));
        let context = context.await["browserContextId"].take();
        let target = json!({"url": "about:blank", "browserContextId": context});
        let target = page.call("Target.createTarget", target).await["targetId"].take();
        let attached = json!({"targetId": target, "flatten": true});
        let attached = page.call("Target.attachToTarget", attached).await;
        page.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        // As if the person looked at it: no timer is slowed, no picture skipped.
        page.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        page.set_viewport(1280, 800, false).await;
        page
    }

    pub async fn open(address: &str) -> Self {
        let mut page = Self::blank().await;
        page.go(address).await;
        page
    }

    /// Leaves for this address; returns when all of it is loaded.
    pub async fn go(&mut self, address: &str) {
        self.transferred.clear();
        self.requested.clear();
        let went = self.call("Page.navigate", json!({"url": address})).await;
        assert_eq!(went["errorText"], Value::Null, "{address}");
        self.wait_until("document.readyState === 'complete'").await;
    }

    /// The value of an expression, awaited if it is a promise.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let mut answer = self.call("Runtime.evaluate", asked).await;
        if let Some(thrown) = answer.get("exceptionDetails") {
            panic!("{expression}: {thrown}");
        }
        answer["result"]["value"].take()
    }

    /// Waits until the expression is true.
    pub async fn wait_until(&mut self, expression: &str) {
        let began = Instant::now();
        while self.evaluate(&format!("!!({expression})")).await != true {
            if began.elapsed() > LIMIT {
                let text = self.evaluate("document.body.innerText").await;
                panic!("{expression}: not within {LIMIT:?} in {text}\n{:#?}", self.errors);
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The text of the first element that the selector finds, as it is shown; a drawing's as it is.
    pub async fn text(&mut self, selector: &str) -> String {
        let found = format!("document.querySelector({selector:?})");
        let text = self.evaluate(&format!("{found}?.innerText ?? {found}?.textContent")).await;
        text.as_str().unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    /// How many elements the selector finds.
    pub async fn count(&mut self, selector: &str) -> u64 {
        let count = format!("document.querySelectorAll({selector:?}).length");
        self.evaluate(&count).await.as_u64().unwrap()
    }

    /// Of CSS pixels; `mobile` as a telephone lays pages out.
    pub async fn set_viewport(&mut self, width: u32, height: u32, mobile: bool) {
        let size = json!({
            "width": width, "height": height, "mobile": mobile, "deviceScaleFactor": 1,
        });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    pub async fn set_dark(&mut self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", media).await;
    }

    /// From the next [`Page::go`] on no script of a page runs.
    pub async fn disable_scripts(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    /// As if the key were pressed and let go: `Tab`, `Enter`, `a`.
    pub async fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            _ if key.chars().count() == 1 => key,
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// What is shown, without the white that a browser puts behind pages.
    pub async fn screenshot(&mut self) -> Picture {
        let nothing = json!({"color": {"r": 0, "g": 0, "b": 0, "a": 0}});
        self.call("Emulation.setDefaultBackgroundColorOverride", nothing).await;
        Picture::read(&self.png().await)
    }

    /// What is shown, as a file.
    pub async fn png(&mut self) -> Vec<u8> {
        let taken = self.call("Page.captureScreenshot", json!({"format": "png"})).await;
        BASE64_STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Bytes that came over the wire since the latest [`Page::go`], heads included.
    pub async fn transferred(&mut self) -> u64 {
        self.look().await;
        self.transferred.values().sum()
    }

    /// Every address that was asked for since the latest [`Page::go`].
    pub async fn requested(&mut self) -> Vec<String> {
        self.look().await;
        self.requested.clone()
    }

    /// Whatever was written to the console, thrown, refused, not found, or asked in a dialog.
    pub async fn errors(&mut self) -> Vec<String> {
        self.look().await;
        self.errors.clone()
    }

    /// Those so far are as they should be.
    pub async fn forget_errors(&mut self) {
        self.look().await;
        self.errors.clear();
    }

    pub async fn assert_no_errors(mut self) {
        assert_eq!(self.errors().await, Vec::<String>::new());
    }

    /// Reads what has happened meanwhile.
    async fn look(&mut self) {
        self.evaluate("0").await;
    }

    /// The answer; null when the page was left before it came, as a question amid a click on a link.
    async fn call(&mut self, method: &str, params: Value) -> Value {
        const LEFT: &str = "Inspected target navigated or closed";
        let id = self.tell(method, params).await;
        loop {
            let mut message = self.hear(method).await;
            if message["id"] == id {
                if message["error"]["message"] == LEFT {
                    return Value::Null;
                }
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
            self.note(&message).await;
        }
    }

    async fn tell(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let mut call = json!({"id": self.last_id, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = self.session.as_str().into();
        }
        let text = ByteString::from(call.to_string());
        self.calls.send(ws::Message::Text(text)).await.unwrap();
        self.last_id
    }

    async fn hear(&mut self, method: &str) -> Value {
        loop {
            let heard = timeout(LIMIT, self.answers.next()).await;
            let heard = heard.unwrap_or_else(|_| panic!("{method}: no answer within {LIMIT:?}"));
            match heard.expect("the browser is gone").expect("the browser's socket broke") {
                ws::Frame::Text(text) => return serde_json::from_slice(&text).unwrap(),
                ws::Frame::Ping(_) | ws::Frame::Pong(_) => {}
                other => panic!("{method}: {other:?}"),
            }
        }
    }

    async fn note(&mut self, message: &Value) {
        let (Some(method), params) = (message["method"].as_str(), &message["params"]) else {
            return;
        };
        let request = || params["requestId"].as_str().unwrap_or_default().to_owned();
        match method {
            "Runtime.consoleAPICalled" if is_bad(&params["type"]) => {
                self.errors.push(format!("console: {}", params["args"]));
            }
            "Runtime.exceptionThrown" => {
                self.errors.push(format!("thrown: {}", params["exceptionDetails"]));
            }
            "Log.entryAdded" if is_bad(&params["entry"]["level"]) => {
                self.errors.push(format!("log: {}", params["entry"]))
            }
            "Page.javascriptDialogOpening" => {
                self.errors.push(format!("dialog: {}", params["message"]));
                self.tell("Page.handleJavaScriptDialog", json!({"accept": true})).await;
            }
            "Network.requestWillBeSent" => {
                let address = params["request"]["url"].as_str().unwrap_or_default();
                self.requested.push(address.to_owned());
            }
            "Network.loadingFinished" => {
                // A whole number that is sent as one with a point.
                let bytes = params["encodedDataLength"].as_f64().unwrap_or_default() as u64;
                self.transferred.insert(request(), bytes);
            }
            "Network.loadingFailed" if params["canceled"] != true => {
                self.errors.push(format!("not loaded: {params}"));
            }
            _ => {}
        }
    }
}

/// Of a line in the console.
fn is_bad(level: &Value) -> bool {
    matches!(level.as_str(), Some("error" | "warning" | "assert" | "trace"))
}

/// A picture of a page.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Red, green, blue, alpha; row by row.
    pixels: Vec<[u8; 4]>,
}

impl Picture {
    fn read(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let bytes = &bytes[..info.buffer_size()];
        let pixels = match info.color_type {
            png::ColorType::Rgba => bytes.chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect(),
            png::ColorType::Rgb => bytes.chunks(3).map(|p| [p[0], p[1], p[2], 255]).collect(),
            other => panic!("{other:?}"),
        };
        Self { width: info.width, height: info.height, pixels }
    }

    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.width + x) as usize]
    }

    /// Pixels on which something is drawn, be it ever so faint.
    pub fn drawn(&self) -> usize {
        self.pixels.iter().filter(|pixel| pixel[3] > 0).count()
    }
}
