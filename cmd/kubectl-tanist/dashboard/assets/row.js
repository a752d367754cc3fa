// The rows of one Service: its facts, its time line, and, when they are open, its details.

import { ago, clock, el, setText } from './dom.js';
import { Details } from './details.js';
import { Strip } from './timeline.js';
import { leaderState } from './words.js';

const columns = 8;

export class Row {
  // open is called with the row when the user asks for its details, or no longer does.
  constructor(key, window, open) {
    this.key = key;
    this.strip = new Strip(window);
    this.button = el('button', 'open');
    this.button.type = 'button';
    this.button.addEventListener('click', () => open(this));
    const name = el('th', 'service', this.button);
    name.scope = 'row';
    this.cells = ['leader', 'node', 'successor', 'term', 'since', 'watched', 'warnings'].map((column) => el('td', column));
    this.facts = el('tr', 'facts', name, ...this.cells);
    this.line = el('tr', 'line', wide(this.strip.element));
    this.details = null;
    this.element = el('tbody', '', this.facts, this.line);
    this.setOpen(false);
  }

  // update shows new data.
  update(data, withNamespace) {
    const previous = this.data;
    this.data = data;
    const l = data.status;
    setText(this.button, withNamespace ? `${l.namespace}/${l.service}` : l.service);
    const [leader, node, successor, term, since, watched, warnings] = this.cells;
    leader.replaceChildren(...leaderCell(l));
    setText(node, (l.leader && l.leader.node) || '–');
    setText(successor, l.successorPending ? 'to be published' : l.successor || '–');
    setText(term, l.term ? String(l.term) : '–');
    since.title = l.since ? `${clock(l.since)}: ${l.reason} (${data.reasonText || ''})` : '';
    setText(watched, data.watched || '–');
    watched.classList.toggle('attention', data.watched === 'no');
    watched.title = ((l.watched && l.watched.reasons) || []).map((reason) => `not ${reason}`).join('\n');
    warnings.replaceChildren(...(l.warnings || []).map((warning) => {
      const item = el('span', 'warning', warning.phrase);
      item.title = warning.detail || '';
      return item;
    }));
    this.strip.update(data);
    this.tick(Date.now());
    if (previous && previous.status.term !== l.term) this.flash();
    if (this.details) this.details.refresh();
  }

  // tick shows what changes with time alone.
  tick(now) {
    const since = this.data.status.since;
    setText(this.cells[4], since ? ago(now - Date.parse(since)) : '–');
    this.strip.place(now);
  }

  // flash draws attention to a change of leader for a moment.
  flash() {
    this.facts.classList.remove('changed');
    void this.facts.offsetWidth; // so that the animation begins again
    this.facts.classList.add('changed');
  }

  setOpen(open) {
    this.button.setAttribute('aria-expanded', String(open));
    this.element.classList.toggle('opened', open);
    if (open && !this.details) {
      this.details = new Details(this);
      this.element.append(el('tr', 'details', wide(this.details.element)));
      this.details.refresh();
    } else if (!open && this.details) {
      this.details.close();
      this.details = null;
      this.element.lastElementChild.remove();
    }
  }
}

function wide(content) {
  const cell = el('td', '', content);
  cell.colSpan = columns;
  return cell;
}

function leaderCell(l) {
  if (!l.leader) return [el('strong', 'noleader', 'no leader')];
  const state = leaderState(l.leader);
  return [el('span', 'pod', l.leader.name), state ? el('span', 'state', ` (${state})`) : ''];
}
