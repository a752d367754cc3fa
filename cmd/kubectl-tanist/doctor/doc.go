// Package doctor is the command that checks an installation of Tanist and the Services that ask for a leader, and says what to correct.
//
// It reads everything once, with the rights of its user, into a facts struct. Each check is a pure function from facts to findings. What the
// user may not read is skipped, and said. It changes nothing: its only write is a dry run that admission must refuse.
//
// It has no rule of its own where the product has one: it calls status for leaders, config for annotations and the tuning, certs for what the
// API server trusts, and reads the rights from the manifest that the chart renders.
package doctor
