// Package tuning puts the tuning in the ConfigMap tanist-tuning in force, on every replica and without a restart. The replica that holds
// the Lease also saves each good tuning in the ConfigMap tanist-state. So when the next tuning is wrong, the last good one is in force on
// every replica, also after a restart.
package tuning
