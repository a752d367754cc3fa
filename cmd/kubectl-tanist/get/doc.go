// Package get is `kubectl tanist get`. It reads, with the user's own permissions, what package status turns into Leaders, and prints
// them once or whenever they change. It works without Tanist running and writes nothing. If the user may not read something, it says
// so.
package get
