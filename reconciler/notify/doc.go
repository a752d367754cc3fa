// Package notify tells users what happens: it has the Events and their reasons, limits for Events of one kind, and warnings that are sent
// once. It also has the pace of what can wait: the backoff of writes that are refused or undone again and again, and the quiet period
// after a hand-over.
//
// All controllers call it. It decides nothing about leaders.
package notify
