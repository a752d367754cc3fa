// Package simulated adds nodes that exist in the API alone: KWOK plays their kubelets. Pods on them get addresses, become Ready
// and take their grace period to go, but nothing runs.
package simulated
