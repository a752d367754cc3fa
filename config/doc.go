// Package config turns what users write into what the program uses: a Service's annotations into Options, and the ConfigMap
// tanist-tuning into a Tuning. It also holds the rules of the drain window, which both and the pod itself have a say in.
//
// ResolveTuning says which Tuning is in force: the last good one when the ConfigMap is wrong. A Store holds it.
//
// Parsing, defaulting and validation live here once, so that admission, the controllers and the command line cannot disagree.
// Errors name the field, the value and what would be right (field.ErrorList). It never talks to the API and never logs.
package config
