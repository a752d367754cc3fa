// The page. It is told everything once, and then what changes, and shows it.

import { clock, el, setText } from './dom.js';
import { Row } from './row.js';
import { drawAxis } from './timeline.js';
import { count, moveText } from './words.js';

const byId = (id) => document.getElementById(id);
const rows = new Map(); // by key
let head = { namespace: '', window: 600 };

const source = new EventSource('events');
source.addEventListener('message', (event) => apply(JSON.parse(event.data)));
source.addEventListener('open', () => connected(true));
source.addEventListener('error', () => connected(false));
setInterval(() => {
  if (!document.hidden) tick();
}, 1000);
document.addEventListener('visibilitychange', tick);
window.addEventListener('hashchange', followAddress);

function connected(yes) {
  setText(byId('connection'), yes ? 'Live' : 'Not connected: kubectl tanist dashboard does not answer');
  document.body.classList.toggle('stale', !yes);
}

function tick() {
  const now = Date.now();
  for (const row of rows.values()) row.tick(now);
}

// apply shows what has changed.
function apply(update) {
  if (update.head) showHead(update.head);
  const there = new Set((update.rows || []).map(keyOf));
  const gone = update.all ? [...rows.keys()].filter((key) => !there.has(key)) : update.gone || [];
  for (const key of gone) {
    const row = rows.get(key);
    if (row) row.element.remove();
    rows.delete(key);
  }
  for (const data of update.rows || []) {
    const row = rows.get(keyOf(data)) || add(keyOf(data));
    if (row.data && row.data.status.term < data.status.term) announce(data);
    row.update(data, head.namespace === '');
  }
  summarize();
  if (update.all) followAddress();
}

function keyOf(data) {
  return `${data.status.namespace}/${data.status.service}`;
}

// add adds a row in its place: rows are sorted by namespace and name, and stay where they are.
function add(key) {
  const row = new Row(key, head.window, (clicked) => {
    const address = clicked.details ? '' : `#${encodeURIComponent(clicked.key)}`;
    history.replaceState(null, '', address || location.pathname);
    followAddress();
  });
  const next = [...rows.keys()].filter((other) => before(key, other)).sort((a, b) => (before(a, b) ? -1 : 1))[0];
  byId('leaders').insertBefore(row.element, next === undefined ? null : rows.get(next).element);
  rows.set(key, row);
  return row;
}

function before(a, b) {
  const [x, y] = [a.split('/'), b.split('/')];
  return x[0] === y[0] ? x[1] < y[1] : x[0] < y[0];
}

// followAddress opens the details that the address asks for, and closes all others.
function followAddress() {
  for (const [key, row] of rows) row.setOpen(location.hash === `#${encodeURIComponent(key)}`);
}

// announce says in one line which leader has changed last.
function announce(data) {
  const move = data.moves[data.moves.length - 1];
  const text = move ? `${clock(move.at)} ${data.status.service}: ${moveText(move)}` : `${data.status.service} has another leader`;
  setText(byId('latest'), text);
}

function summarize() {
  const all = [...rows.values()].map((row) => row.data);
  const parts = [count(all.length, 'Service', 'Services')];
  const leaderless = all.filter((data) => !data.status.leader).length;
  const warned = all.filter((data) => (data.status.warnings || []).length > 0).length;
  if (leaderless) parts.push(`${leaderless} without a leader`);
  if (warned) parts.push(`${warned} with warnings`);
  setText(byId('summary'), parts.join(', '));
  byId('empty').hidden = all.length > 0;
  byId('leaders').hidden = all.length === 0;
}

function showHead(next) {
  head = next;
  const where = head.namespace ? `namespace ${head.namespace}` : 'all namespaces';
  document.title = `Tanist: ${where}`;
  setText(byId('scope'), `${where}, ${head.cluster}`);
  drawAxis(byId('axis'), head.window);
  const notices = byId('notices');
  notices.replaceChildren(
    ...(head.problems || []).map((text) => el('p', 'problem', text)),
    ...(head.warnings || []).map((warning) => el('p', 'problem', `${warning.phrase}: ${warning.detail || ''}`)),
  );
  if (head.notes) {
    const list = el('ul', '', ...head.notes.map((text) => el('li', '', text)));
    notices.append(el('details', 'notes', el('summary', '', `You may not read everything (${head.notes.length})`), list));
  }
}
