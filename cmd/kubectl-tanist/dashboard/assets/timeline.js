// The time line of a Service: a strip on the time axis that all Services share. It ends now.

import { clock, el } from './dom.js';
import { lineText, moveText } from './words.js';

// Strip shows the bands, moves and disruptions of a row.
export class Strip {
  constructor(window) {
    this.window = window * 1000;
    this.element = el('div', 'strip');
    this.element.setAttribute('role', 'img');
    this.items = [];
  }

  // update replaces what the strip shows.
  update(row) {
    this.items = [];
    for (const band of row.bands) {
      const name = el('span', 'name', band.pod || 'no leader');
      const element = el('span', `band ${band.pod ? 'led' : 'gap'}`, name);
      element.title = `${band.pod || 'no leader'}${band.from ? `, since ${clock(band.from)}` : ''}${band.to ? `, until ${clock(band.to)}` : ''}`;
      this.items.push({ element, from: band.from ? Date.parse(band.from) : -Infinity, to: band.to ? Date.parse(band.to) : Infinity });
    }
    for (const disruption of row.disruptions) {
      const element = el('span', `disruption${disruption.led ? ' led' : ''}`);
      element.title = `${clock(disruption.at)} ${disruption.pod} ${disruption.text}`;
      this.items.push({ element, from: Date.parse(disruption.at) });
    }
    for (const move of row.moves) {
      const element = el('span', `move ${move.kind}`);
      element.title = `${clock(move.at)} ${moveText(move)}`;
      this.items.push({ element, from: Date.parse(move.at) });
    }
    this.element.replaceChildren(...this.items.map((item) => item.element));
    this.element.setAttribute('aria-label', lineText(row));
    this.place(Date.now());
  }

  // place moves everything to where it belongs at a time. A clock that is ahead of this machine's puts nothing beyond the end.
  place(now) {
    const begin = now - this.window;
    const percent = (time) => Math.min(100, Math.max(0, ((time - begin) / this.window) * 100));
    for (const { element, from, to } of this.items) {
      element.hidden = (to === undefined ? from : to) < begin;
      element.style.left = `${percent(from)}%`;
      if (to !== undefined) element.style.width = `${percent(to) - percent(from)}%`;
    }
  }
}

// drawAxis labels the axis, once: it is relative to now.
export function drawAxis(axis, window) {
  const steps = 5;
  axis.replaceChildren();
  for (let i = 0; i <= steps; i++) {
    const minutes = Math.round((window / 60) * (1 - i / steps) * 10) / 10;
    const label = el('span', i === 0 ? 'first' : i === steps ? 'last' : '', minutes === 0 ? 'now' : `−${minutes} min`);
    label.style.left = `${(i / steps) * 100}%`;
    axis.append(label);
  }
}
