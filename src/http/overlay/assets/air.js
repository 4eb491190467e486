// Puts on air what the socket says. What is not true now is not shown: the overlay hides when the
// feed is stale, and when it hears nothing itself. Everything happens `delay` seconds late.
'use strict';
(() => {
  const SILENT_MS = 5000;
  // A minute of what a busy feed sends; more is folded together, and nothing is lost.
  const MAX_WAITING = 1000;
  const LEAVES_MS = 200;
  const MOVES_MS = 350;

  const air = document.getElementById('air');
  const delayMs = Number(air.dataset.delay) * 1000;
  const root = document.documentElement.style;
  root.setProperty('--accent', '#' + air.dataset.accent);
  root.setProperty('--scale', air.dataset.scale);
  root.setProperty('--margin', air.dataset.margin + 'px');
  root.setProperty('--width', air.dataset.width);

  // What was heard and is not shown yet: [when it is due, message].
  const waiting = [];
  // When the message that is shown was due, and the server's time then.
  let shownAt = -Infinity;
  let serverTime = 0;
  let stale = null;

  function take(message) {
    waiting.push([performance.now() + delayMs, message]);
    if (waiting.length > MAX_WAITING) {
      const [due, older] = waiting.shift();
      const newer = waiting[0][1];
      newer.parts = { ...older.parts, ...newer.parts };
      newer.order = { ...older.order, ...newer.order };
      waiting[0][0] = due;
    }
    play();
  }

  // Shows what is due.
  function play() {
    const now = performance.now();
    while (waiting.length && waiting[0][0] <= now) {
      const [due, message] = waiting.shift();
      show(message);
      shownAt = due;
      serverTime = message.now;
      if (message.stale && message.stale !== stale) console.info('hidden: ' + message.stale);
      stale = message.stale;
    }
    const isOff = stale !== null || now - shownAt > SILENT_MS;
    air.classList.toggle('off', isOff);
    if (!isOff) runClocks(serverTime + now - shownAt);
  }

  const nursery = document.createElement('template');

  function show({ parts = {}, order = {} }) {
    const tops = new Map();
    for (const row of air.querySelectorAll('li[id]')) tops.set(row.id, topOf(row));
    nursery.innerHTML = Object.values(parts).join('');
    for (const element of [...nursery.content.children]) {
      const old = document.getElementById(element.id);
      // The same part about something else comes in like a new one.
      if (!old || old.dataset.key !== element.dataset.key) element.classList.add('fresh');
      if (old) old.replaceWith(element);
    }
    // A container may be new itself.
    const find = (id) => document.getElementById(id) || nursery.content.getElementById(id);
    const containers = Object.entries(order).map(([id, ids]) => [find(id), ids]);
    for (const [container, ids] of containers) {
      if (container) arrange(container, ids.map(find).filter(Boolean));
    }
    for (const [id, top] of tops) glide(document.getElementById(id), top);
  }

  function arrange(container, elements) {
    for (const child of [...container.children]) {
      if (elements.includes(child) || !child.id) continue;
      child.removeAttribute('id');
      child.classList.add('leaving');
      setTimeout(() => child.remove(), LEAVES_MS);
    }
    let place = container.firstElementChild;
    for (const element of elements) {
      // What leaves keeps its place until it is gone.
      while (place && place !== element && !place.id) place = place.nextElementSibling;
      if (place === element) place = place.nextElementSibling;
      else container.insertBefore(element, place);
    }
  }

  // Within its container, whatever the panel itself is doing.
  const topOf = (row) => row.offsetTop - row.parentElement.offsetTop;

  // Lets a row come from where it was.
  function glide(row, top) {
    const by = row ? top - topOf(row) : 0;
    if (!by) return;
    row.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }],
      { duration: MOVES_MS, easing: 'ease-out' });
  }

  // What each clock showed last. A message that took long must not set a clock back, so it goes by
  // the quickest one.
  const lastMs = new Map();

  function runClocks(time) {
    for (const clock of air.querySelectorAll('[data-clock-ms]')) {
      const { clockMs, clockAt, clockDir, clockForm } = clock.dataset;
      const runs = 'clockRuns' in clock.dataset;
      const isDown = clockDir === 'down';
      const passed = runs ? Math.max(0, time - clockAt) : 0;
      let ms = isDown ? Math.max(0, clockMs - passed) : Number(clockMs) + passed;
      const part = clock.closest('section').id;
      const last = lastMs.get(part);
      if (runs && Math.abs(ms - last) < 1000) ms = isDown ? Math.min(ms, last) : Math.max(ms, last);
      lastMs.set(part, ms);
      const text = clockForm === 'seconds' ? seconds(ms) : minutes(ms, isDown);
      if (clock.textContent !== text) clock.textContent = text;
    }
  }

  const two = (number) => String(number).padStart(2, '0');

  function minutes(ms, isDown) {
    // A clock that counts down shows 0:00 only when nothing is left.
    const all = isDown ? Math.ceil(ms / 1000) : Math.floor(ms / 1000);
    const [hours, rest] = [Math.floor(all / 3600), all % 3600];
    const [minutes, seconds] = [Math.floor(rest / 60), two(rest % 60)];
    return hours ? `${hours}:${two(minutes)}:${seconds}` : `${minutes}:${seconds}`;
  }

  function seconds(ms) {
    const tenths = Math.floor(ms / 100);
    return `${Math.floor(tenths / 10)}.${tenths % 10}`;
  }

  let attempts = 0;

  // One socket at a time: a new one when the old one is gone or silent, each later than the one
  // before it.
  function connect() {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const path = location.pathname.replace(/\/$/, '') + '/socket' + location.search;
    const socket = new WebSocket(`${scheme}//${location.host}${path}`);
    let watchdog;
    let isOver = false;
    const again = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(watchdog);
      socket.close();
      const wait = Math.min(10000, 500 * 2 ** attempts++);
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
    };
    const hear = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(again, SILENT_MS);
    };
    socket.onmessage = (event) => {
      if (isOver) return;
      attempts = 0;
      hear();
      take(JSON.parse(event.data));
    };
    socket.onclose = again;
    hear();
  }

  function frame() {
    play();
    requestAnimationFrame(frame);
  }

  connect();
  frame();
  // No frames are drawn while a source is out of view; it must be true when it comes into view.
  setInterval(play, 500);
})();
