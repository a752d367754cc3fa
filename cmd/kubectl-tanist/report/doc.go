// Package report is `kubectl tanist report`: a zip file for a bug report, with what there is to know of an installation of Tanist and of the
// Services that ask for a leader.
//
// It reads with the user's own rights, and changes nothing except for doctor's dry run. Nothing of a Secret is included: only doctor reads those with Tanist's
// own certificates. What could not be read is listed
// with the reason. An object is never copied as it is: the types here name the fields that are included, so that a field that may hold a secret
// is left out unless somebody adds it. Text from elsewhere, such as logs, passes a redactor.
package report
