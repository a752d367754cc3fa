// Package config turns what users write into what the program uses: the annotations of a Service into Options, and the ConfigMap
// tanist-tuning into a Tuning. It also holds the rules of the drain window, which depend on both and on the pod.
//
// ResolveTuning decides which Tuning is in force: the last good one if the ConfigMap is wrong. A Store holds it.
//
// Admission, the controllers and the command line all parse, default and validate with this package, so they cannot disagree. Errors
// name the field, the value and what would be right (field.ErrorList). The package never talks to the API and never logs.
package config
