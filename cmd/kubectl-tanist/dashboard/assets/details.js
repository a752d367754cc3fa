// What explain and history say of one Service. The page asks for it when the user does, again when the Service's row changes, and from time to
// time: not all that an explanation depends on is in the row.

import { ago, clock, el, table } from './dom.js';
import { kindText } from './words.js';

// pause is how long at least, in milliseconds, the page waits before it asks again.
const pause = 1000;

// interval is how often it asks again without a change, in milliseconds.
const interval = 30000;

export class Details {
  constructor(row) {
    this.row = row;
    this.element = el('section', 'explanation', el('p', '', 'Reading…'));
    this.element.setAttribute('aria-label', `Details of ${row.key}`);
    this.stop = new AbortController();
    this.asking = false;
    this.again = false;
    this.timer = setInterval(() => this.refresh(), interval);
  }

  close() {
    clearInterval(this.timer);
    this.stop.abort();
  }

  // refresh asks once more, but never twice at a time.
  async refresh() {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    do {
      this.again = false;
      await this.ask();
      await new Promise((done) => setTimeout(done, pause));
    } while (this.again && !this.stop.signal.aborted);
    this.asking = false;
  }

  async ask() {
    const { namespace, service } = this.row.data.status;
    try {
      const answer = await fetch(`service?${new URLSearchParams({ namespace, name: service })}`, { signal: this.stop.signal });
      if (!answer.ok) throw new Error(await answer.text());
      const data = await answer.json();
      this.element.replaceChildren(...sections(this.row.data, data));
    } catch (problem) {
      if (!this.stop.signal.aborted) this.element.replaceChildren(el('p', 'problem', `This cannot be read: ${problem.message}`));
    }
  }
}

function sections(row, { explanation: x, roles, next, history: h, kinds }) {
  const l = x.status;
  const facts = el('dl', '');
  const fact = (key, values) => {
    const shown = values.filter(Boolean);
    if (shown.length) facts.append(el('dt', '', key), ...shown.map((value) => el('dd', '', value)));
  };
  if (x.problem) fact('Problem', [`${x.problem.phrase}: ${x.problem.detail || ''}`]);
  fact('Leader Service', [l.leaderService]);
  fact('Reason', [l.reason && `${l.reason}: ${x.reasonText || ''}`]);
  fact('Watched', x.watched || []);
  fact('Next', [next]);
  fact('Warnings', (l.warnings || []).map((warning) => `${warning.phrase}: ${warning.detail || ''}`));
  fact('Not known', [...(x.notes || []), ...(h.notes || [])]);
  return [
    el('h2', '', `${l.namespace}/${l.service}`), facts,
    el('h3', '', 'Pods, in the order of succession'), podTable(x.pods || [], roles),
    el('h3', '', 'Last moves'), moveTable(h.moves, kinds),
    el('h3', '', 'Disruptions in the last ten minutes'), disruptionTable(row.disruptions),
  ];
}

function podTable(pods, roles) {
  if (!pods.length) return el('p', 'none', 'none');
  return table('pods', 'Pods of the Service', ['Pod', 'Role', 'Node', 'Priority', 'Why', 'To lead'], pods.map((pod, i) => [
    el('span', 'pod', pod.name), roles[i], pod.node || '–', String(pod.priority), lines(reasons(pod)), lines(pod.toLead || []),
  ]));
}

function reasons(pod) {
  const all = (pod.obstacles || []).map((obstacle) => obstacle.message);
  if (pod.behind) all.push(pod.behind.message);
  if (pod.noDrainWindow) all.push(`no drain window: ${pod.noDrainWindow}`);
  return all;
}

function moveTable(moves, kinds) {
  if (!moves.length) return el('p', 'none', 'none');
  return table('moves', 'Last moves', ['Time', 'From', 'To', 'Kind', 'Reason', 'By', 'Took', 'Term'], moves.map((move, i) => {
    const time = el('time', '', `${clock(move.at)} (${ago(Date.now() - Date.parse(move.at))} ago)`);
    time.dateTime = move.at;
    return [time, move.from || '–', move.to || '–', kindText(kinds[i]), move.reason, move.by || '–', move.took || '–', String(move.term)];
  }).reverse());
}

function disruptionTable(disruptions) {
  if (!disruptions.length) return el('p', 'none', 'none that this page has seen');
  return table('happened', 'Disruptions', ['Time', 'Pod', 'What'], disruptions.map((disruption) => [
    clock(disruption.at), `${disruption.pod}${disruption.led ? ' (led)' : ''}`, disruption.text,
  ]).reverse());
}

function lines(texts) {
  if (texts.length < 2) return texts[0] || '–';
  return el('ul', '', ...texts.map((text) => el('li', '', text)));
}
