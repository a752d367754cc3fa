// Package terminal is what the commands need of a terminal: colours, marks for how a check ended, and a question to the user. Output that
// goes anywhere else has no colours, and nobody is asked. It knows nothing of Tanist.
package terminal
