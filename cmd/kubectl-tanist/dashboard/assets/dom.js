// What builds the page. Names and texts come from the cluster, where tenants choose them. So they become text nodes and never markup.

// el returns an element with a class and children: elements, or texts.
export function el(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

// setText changes a text only if it is another one, so that what reads changes aloud does not repeat it.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ago returns a time that has passed, in the form of kubectl's AGE.
export function ago(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (hours < 3) return `${minutes}m`;
  if (hours < 48) return `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

// clock returns a time of day, and the date if it is not today.
export function clock(time) {
  const at = new Date(time);
  const date = at.toDateString() === new Date().toDateString() ? '' : `${at.toLocaleDateString()} `;
  return `${date}${at.toLocaleTimeString([], { hour12: false })}`;
}

// table returns a table with a caption that is only read aloud. The class has the widths of its columns.
export function table(className, caption, columns, rows) {
  const head = el('tr', '', ...columns.map((column) => {
    const cell = el('th', '', column);
    cell.scope = 'col';
    return cell;
  }));
  const body = rows.map((cells) => el('tr', '', ...cells.map((cell) => el('td', '', cell))));
  return el('table', `plain ${className}`, el('caption', 'unseen', caption), el('thead', '', head), el('tbody', '', ...body));
}
