// Keeps what is marked `data-live` up to date: the page is asked for again when its event stream says
// that something has changed. And ages on the page go on.

/** Milliseconds in which changes are collected before the page is asked for. */
const pause = 250;

/**
 * The page anew, parsed without running anything: it is never a string that could become a script
 * (Trusted Types).
 * @returns {Promise<Document>}
 */
function loadPage() {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', location.href);
    request.responseType = 'document';
    request.addEventListener('loadend', () => {
      if (request.status === 200 && request.responseXML) resolve(request.responseXML);
      else reject(new Error('the page did not come'));
    });
    request.send();
  });
}

/** @param {HTMLElement} region */
async function refresh(region) {
  if (region.contains(document.activeElement)) return; // nobody loses their place
  const next = (await loadPage()).getElementById(region.id);
  if (!next) throw new Error('signed out');
  region.replaceChildren(...next.childNodes);
}

/** @param {HTMLElement} region */
function follow(region) {
  const stream = new EventSource(region.dataset.live ?? '');
  let waiting = false;
  stream.addEventListener('change', () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      refresh(region).catch(() => stream.close());
    }, pause);
  });
}

/** @type {readonly (readonly [unit: string, seconds: number])[]} */
const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
];

/**
 * As `time.tsx` words it.
 * @param {number} seconds
 */
function age(seconds) {
  for (const [unit, length] of units) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  }
  return 'just now';
}

for (const region of document.querySelectorAll('[data-live]')) {
  if (region instanceof HTMLElement) follow(region);
}
setInterval(() => {
  for (const time of document.querySelectorAll('time[data-age]')) {
    const moment = Date.parse(time.getAttribute('datetime') ?? '');
    time.replaceChildren(age((Date.now() - moment) / 1000));
  }
}, 20_000);
