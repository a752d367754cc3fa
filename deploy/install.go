// Package deploy holds the chart and install.yaml, which the chart renders. The plugin reads the rights that Tanist's account needs from
// install.yaml, so that they are written down in one place.
package deploy

import _ "embed" // for install.yaml

// InstallYAML is the content of install.yaml: an installation in the namespace tanist-system, with the chart's default values.
//
//go:embed install.yaml
var InstallYAML []byte
