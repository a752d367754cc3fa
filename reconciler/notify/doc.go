// package notify tells users: the Events and their reasons, limits for Events of one kind, warnings that are sent once, back-off for what
// is refused or undone again and again, and the quiet period in which nothing that can wait is written.
//
// All controllers call it. It decides nothing about leaders.
package notify
