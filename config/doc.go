// Package config turns what users write into what the program uses: a Service's annotations into Options, and the ConfigMap
// tanist-tuning into a Tuning. It also holds the rules of the drain window, which both and the pod itself have a say in.
//
// A Store holds the Tuning in force, and keeps the last good one when the next is wrong.
//
// Parsing, defaulting and validation live here once, so that admission, the controllers and the command line cannot disagree.
// Errors name the field, the value and what would be right (field.ErrorList). It never talks to the API and never logs.
package config
