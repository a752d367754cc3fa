// What the page says in words about data.

const kinds = {
  planned: 'planned hand-over', unplanned: 'unplanned hand-over', first: 'first leader', noLeader: 'no leader', elected: 'hand-over by the application', unknown: 'hand-over',
};

// kindText names a kind of move.
export function kindText(kind) {
  return kinds[kind] || kinds.unknown;
}

// moveText describes a change of leader.
export function moveText(move) {
  const why = `(${move.reasonText || move.reason})`;
  if (!move.to) return `${kindText(move.kind)}${move.from ? ` after ${move.from}` : ''} ${why}`;
  return `${kindText(move.kind)}: ${move.from ? `from ${move.from} to ` : ''}${move.to} ${why}`;
}

// leaderState names a state of the leader's pod that needs attention.
export function leaderState(leader) {
  return { NotReady: 'not ready', Terminating: 'terminating', Gone: 'gone' }[leader.state] || '';
}

// lineText says in words what a time line shows, for those who do not see it.
export function lineText(row) {
  const counts = {};
  for (const move of row.moves) counts[move.kind] = (counts[move.kind] || 0) + 1;
  const parts = Object.entries(counts).map(([kind, count]) => `${kindText(kind)}: ${count}`);
  if (row.disruptions.length) parts.push(`disruptions: ${row.disruptions.length}`);
  return `Last ten minutes: ${parts.join(', ') || 'nothing happened'}`;
}

// count returns a number with its noun.
export function count(n, one, several) {
  return `${n} ${n === 1 ? one : several}`;
}
