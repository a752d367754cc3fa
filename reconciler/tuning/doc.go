// package tuning puts the ConfigMap tanist-tuning in force, on every replica and without a restart. The replica that holds the Lease also
// saves the last good tuning in the ConfigMap tanist-state, so that it is in force everywhere, and after every restart, when the
// next one is wrong.
package tuning
