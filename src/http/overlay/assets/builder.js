// Shows each change of the form at once, and copies the address. Without it the form works too.
'use strict';
(() => {
  const form = document.getElementById('form');
  if (!form) return;
  const ground = document.getElementById('ground');
  const preview = document.getElementById('preview');
  const CANVAS_PX = 1920;

  // The preview is a whole canvas, made as small as it must be.
  const fit = () => ground.style.setProperty('--fit', ground.clientWidth / CANVAS_PX);
  new ResizeObserver(fit).observe(ground);
  fit();

  document.querySelector('form .main').hidden = true;

  let shown = preview.getAttribute('src');
  let asked = 0;
  let soon;

  async function refresh() {
    if (!form.checkValidity()) return;
    const query = new URLSearchParams(new FormData(form));
    const mine = ++asked;
    const answer = await fetch(`${form.action}?${query}`).catch(() => null);
    if (!answer || !answer.ok || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (mine !== asked) return;
    history.replaceState(null, '', `?${query}`);
    const src = page.getElementById('preview').getAttribute('src');
    // Without a step in the history of the browser.
    if (src !== shown) preview.contentWindow.location.replace(src);
    shown = src;
    document.getElementById('outcome').replaceWith(page.getElementById('outcome'));
    offerCopy();
  }

  form.addEventListener('input', () => {
    clearTimeout(soon);
    soon = setTimeout(refresh, 250);
  });
  // Another feed may have other parts, and another language other words.
  form.addEventListener('change', (event) => {
    if (['feed', 'lang'].includes(event.target.name)) form.submit();
  });

  function offerCopy() {
    const address = document.getElementById('address');
    const copy = document.getElementById('copy');
    const note = document.getElementById('copy-note');
    const say = (words) => { note.textContent = words; };
    copy.hidden = false;
    copy.addEventListener('click', async () => {
      address.select();
      try {
        await navigator.clipboard.writeText(address.value);
        say(copy.dataset.copied);
      } catch {
        say(copy.dataset.selected);
      }
    });
    address.addEventListener('focus', () => address.select());
  }
  offerCopy();
})();
