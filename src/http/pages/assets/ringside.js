// The script of every page. It keeps clocks going, takes in what the page's socket tells, and says
// when that is old. Without it a page shows the moment at which it was loaded.
"use strict";
(() => {
  // A socket says something every second or two; one that is quiet for longer is dead.
  const QUIET_MS = 4_500;
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 8_000;
  // The page was drawn by another version of Ringside.
  const OTHER_VERSION = 4001;
  // Corrections below this are waited for, so that no clock goes backwards.
  const SLACK_MS = 1_500;

  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // ---- dark and light ---------------------------------------------------------------------------

  // A browser may forbid storage: then the choice lasts as long as the page.
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* as above */ } };

  const isLight = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: light)").matches
    ? "light" : "dark")) === "light";
  const theme = stored("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  function offerThemes() {
    const button = byId("theme");
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isLight() ? "dark" : "light";
      store("theme", root.dataset.theme);
    });
  }

  // ---- time -------------------------------------------------------------------------------------

  // What to add to our steady clock for Ringside's: of the latest messages the one that was the
  // quickest on its way is the nearest to the truth.
  const offsets = [];
  const serverNow = () => performance.now() + Math.max(...offsets);

  function hearTime(now) {
    const offset = now - performance.now();
    // No message takes so long: Ringside's clock was set back.
    if (offset < Math.max(...offsets) - QUIET_MS) offsets.length = 0;
    offsets.push(offset);
    if (offsets.length > 10) offsets.shift();
  }

  const two = (number) => String(number).padStart(2, "0");

  function clockText(ms, isDown, tenths) {
    ms = Math.max(0, ms);
    if (tenths) return `${Math.floor(ms / 1000)}.${Math.floor(ms / 100) % 10}`;
    const s = isDown ? Math.ceil(ms / 1000) : Math.floor(ms / 1000);
    const [h, min] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    return h > 0 ? `${h}:${two(min)}:${two(s % 60)}` : `${min}:${two(s % 60)}`;
  }

  // What each clock showed last, by the element it lives in: the element itself is replaced.
  const shown = new Map();

  function tickClocks() {
    for (const clock of document.querySelectorAll("[data-clock-ms]")) {
      const { clockMs, clockAt, clockDir } = clock.dataset;
      const isDown = clockDir === "down";
      const key = clock.closest("[id]")?.id;
      let text = "–";
      if (!isStale) {
        const passed = "clockRuns" in clock.dataset ? serverNow() - Number(clockAt) : 0;
        let ms = Number(clockMs) + (isDown ? -passed : passed);
        const before = shown.get(key);
        if (before !== undefined && passed !== 0) {
          const back = isDown ? ms - before : before - ms;
          if (back > 0 && back < SLACK_MS) ms = before;
        }
        shown.set(key, ms);
        text = clockText(ms, isDown, "clockTenths" in clock.dataset);
      }
      if (clock.textContent !== text) clock.textContent = text;
    }
  }

  function spanText(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    const [unit, each] = s < 60 ? [0, 1] : s < 3600 ? [1, 60] : s < 172800 ? [2, 3600] : [3, 86400];
    return `${Math.floor(s / each)} ${words.units[unit]}`;
  }

  function tickSpans() {
    for (const span of document.querySelectorAll("[data-since]")) {
      span.textContent = spanText(serverNow() - Number(span.dataset.since));
    }
    for (const span of document.querySelectorAll("[data-until]")) {
      span.textContent = spanText(Number(span.dataset.until) - serverNow());
    }
  }

  // ---- what the socket tells --------------------------------------------------------------------

  const isCalm = () => document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches;

  function element(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content.firstElementChild;
  }

  // Puts `next` in the place of `old`, with the rows that `old` holds: those are told one by one.
  function replace(old, next) {
    for (const rows of old.querySelectorAll("[data-rows]")) {
      next.querySelector(`#${CSS.escape(rows.id)}`)?.append(...rows.childNodes);
    }
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(next);
    if (hadFocus) next.querySelector("a, button")?.focus({ preventScroll: true });
    if (old.dataset.laps !== next.dataset.laps && !isCalm()) next.classList.add("new-lap");
    const { headline } = next.dataset;
    if (headline && headline !== old.dataset.headline) byId("headline").textContent = headline;
  }

  // Gives `box` the children with these ids, in this order.
  function arrange(box, ids, fresh) {
    const here = new Map([...box.children].map((child) => [child.id, child]));
    const wanted = ids.map((id) => here.get(id) ?? fresh.get(id)).filter(Boolean);
    const tops = isCalm() ? null : new Map(wanted.map((child) => [child, top(child)]));
    const keep = new Set(wanted);
    for (const child of here.values()) if (!keep.has(child)) child.remove();
    const focused = document.activeElement;
    let at = box.firstElementChild;
    for (const child of wanted) {
      if (child === at) at = at.nextElementSibling;
      else box.insertBefore(child, at);
    }
    if (focused !== document.activeElement && box.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
    if (tops) glide(tops);
  }

  const top = (child) => (child.isConnected ? child.getBoundingClientRect().top : null);

  // Lets what moved glide from where it was.
  function glide(tops) {
    for (const [child, before] of tops) {
      const by = before === null ? 0 : before - top(child);
      if (by === 0) continue;
      const from = { transform: `translateY(${by}px)` };
      child.animate([from, { transform: "none" }], { duration: 500, easing: "ease-in-out" });
    }
  }

  function take({ parts = {}, order = {} }) {
    const fresh = new Map();
    for (const [id, html] of Object.entries(parts)) {
      const [old, next] = [byId(id), element(html)];
      if (old) replace(old, next);
      else fresh.set(id, next);
    }
    // A list can be filled once it stands on the page itself.
    let open = Object.entries(order);
    for (let before = -1; open.length !== before && open.length > 0;) {
      before = open.length;
      open = open.filter(([id, ids]) => {
        const box = byId(id);
        if (box) arrange(box, ids, fresh);
        return !box;
      });
    }
    fit();
    find();
  }

  // A wall has room for so many rows: the style sheet makes them as large as they can be.
  function fit() {
    const rows = byId("heat-rows")?.childElementCount ?? 0;
    byId("board")?.style.setProperty("--rows", Math.max(rows, 8));
  }

  // ---- fresh or stale ---------------------------------------------------------------------------

  let words;
  let isStale = false;
  let heardAt = 0;
  // What Ringside says about the venue; our own silence weighs more.
  let staleWords = "";

  function judge() {
    const isGone = performance.now() - heardAt > QUIET_MS;
    const text = isGone ? words.gone : staleWords;
    isStale = text !== "";
    document.body.classList.toggle("is-stale", isStale);
    const banner = byId("stale");
    if (banner.textContent !== text) banner.textContent = text;
    return isGone;
  }

  function follow(address) {
    let wait = FIRST_WAIT_MS;
    let socket;
    let timer;

    function connect() {
      clearTimeout(timer);
      socket = new WebSocket(location.origin.replace(/^http/, "ws") + address);
      const own = socket;
      const since = performance.now();
      own.addEventListener("message", ({ data }) => {
        if (own !== socket) return;
        const message = JSON.parse(data);
        heardAt = performance.now();
        wait = FIRST_WAIT_MS;
        hearTime(message.now);
        staleWords = message.stale ?? "";
        take(message);
        judge();
        tickClocks();
        tickSpans();
      });
      own.addEventListener("close", ({ code }) => {
        if (own !== socket) return;
        socket = null;
        if (code === OTHER_VERSION && performance.now() > LONGEST_WAIT_MS) location.reload();
        timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      });
      own.since = since;
    }

    setInterval(() => {
      const isDead = socket && performance.now() - Math.max(heardAt, socket.since) > QUIET_MS;
      // Its close may take long to be heard of: do not wait for that.
      if (isDead) { const dead = socket; socket = null; dead.close(); connect(); }
      judge();
    }, 500);
    for (const back of ["online", "visibilitychange"]) {
      addEventListener(back, () => { if (!socket && !document.hidden) connect(); });
    }
    connect();
  }

  // ---- the fleet's filter -----------------------------------------------------------------------

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  // Hides the cards in which not all of the words are found.
  function find() {
    const box = byId("filter");
    if (!box) return;
    const wanted = plain(box.value).split(/\s+/).filter(Boolean);
    let [found, all] = [0, 0];
    for (const venue of document.querySelectorAll(".venue")) {
      let here = 0;
      for (const card of venue.querySelectorAll(".card")) {
        // Names and states; not the numbers, which come and go.
        const said = [...card.querySelectorAll(".card-head, .on b, .facts")];
        const text = plain([card.dataset.find, ...said.map((part) => part.textContent)].join(" "));
        const fits = wanted.every((word) => text.includes(word));
        if (card.hidden === fits) card.hidden = !fits;
        here += fits;
        all += 1;
      }
      venue.hidden = here === 0;
      found += here;
    }
    byId("no-match").hidden = found > 0 || all === 0;
    const count = box.closest(".filter").querySelector("output");
    count.textContent = wanted.length > 0 ? `${found} / ${all}` : "";
  }

  function offerFilter() {
    const box = byId("filter");
    if (!box) return;
    box.closest(".filter").hidden = false;
    box.addEventListener("input", find);
    box.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") { box.value = ""; find(); box.blur(); }
      if (key === "Enter") document.querySelector(".card:not([hidden]) a")?.click();
    });
    addEventListener("keydown", (event) => {
      const isTyping = event.target.closest?.("input, textarea, select");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      box.focus();
      box.select();
    });
  }

  // Dates and times that stand still, in the reader's zone.
  function localizeMoments() {
    const format = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });
    for (const time of document.querySelectorAll("[data-moment]")) {
      time.textContent = format.format(Number(time.dataset.moment));
    }
  }

  // A wall has nobody who touches it; where the browser lets us, it stays awake.
  function stayAwake() {
    if (!root.classList.contains("wall") || !navigator.wakeLock) return;
    const ask = () => { if (!document.hidden) navigator.wakeLock.request("screen").catch(() => {}); };
    addEventListener("visibilitychange", ask);
    ask();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const { now, socket, words: said } = document.body.dataset;
    words = JSON.parse(said);
    localizeMoments();
    offerThemes();
    offerFilter();
    stayAwake();
    fit();
    if (!socket) return;
    hearTime(Number(now));
    heardAt = performance.now();
    staleWords = byId("stale").textContent;
    judge();
    follow(socket);
    setInterval(tickClocks, 50);
    setInterval(tickSpans, 1000);
  });
})();
