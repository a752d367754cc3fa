package doctor

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The types of what is printed as JSON. Within a version, fields are added, but never renamed or removed.
const (
	apiVersion    = "cli.tanist.dev/v1"
	kindDiagnosis = "Diagnosis"
)

// Diagnosis is what all checks have found.
type Diagnosis struct {
	metav1.TypeMeta `json:",inline"`
	// Success is true if no check failed. Warnings do not matter.
	Success bool `json:"success"`
	// Namespace is the one whose Services were checked. It is missing if those of all were.
	Namespace string   `json:"namespace,omitempty"`
	Checks    []Result `json:"checks"`
}

// Outcome is how a check ended.
type Outcome string

// The outcomes. A check with problems of both kinds has failed.
const (
	Passed  Outcome = "passed"
	Warned  Outcome = "warned"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// Result is what one check has found.
type Result struct {
	ID          string  `json:"id"`
	Category    string  `json:"category"`
	Description string  `json:"description"`
	Outcome     Outcome `json:"outcome"`
	// Reason is why the check was skipped.
	Reason   string    `json:"reason,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
	// Documentation is the page that explains the check. It is set unless the check has passed.
	Documentation string `json:"documentation,omitempty"`
}

// Problem is one thing that is not as it should be.
type Problem struct {
	// Warning is true for what does not fail the check.
	Warning bool   `json:"warning,omitempty"`
	Object  string `json:"object"`
	Text    string `json:"text"`
	Remedy  string `json:"remedy"`
}

// page is the page that explains the checks. The id of a check is the anchor.
const page = "https://github.com/tanist-dev/tanist/blob/main/docs/doctor.md"

// diagnose runs the checks. It is pure.
func diagnose(f *facts, all []check) Diagnosis {
	d := Diagnosis{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: kindDiagnosis}, Success: true, Namespace: f.checked, Checks: []Result{}}
	for _, check := range all {
		r := resultOf(check, check.run(f))
		d.Success = d.Success && r.Outcome != Failed
		d.Checks = append(d.Checks, r)
	}
	return d
}

func resultOf(c check, found findings) Result {
	r := Result{ID: c.id, Category: c.category, Description: c.passed, Outcome: Passed, Reason: found.skipped}
	if found.skipped != "" {
		r.Outcome = Skipped
	}
	for _, p := range found.problems {
		if !p.warns {
			r.Outcome = Failed
		} else if r.Outcome != Failed {
			r.Outcome = Warned
		}
		r.Problems = append(r.Problems, Problem{Warning: p.warns, Object: p.about, Text: p.what, Remedy: p.remedy})
	}
	if r.Outcome != Passed {
		r.Documentation = page + "#" + c.id
	}
	return r
}

// count returns how many checks ended in this way.
func (d *Diagnosis) count(outcome Outcome) (n int) {
	for _, r := range d.Checks {
		if r.Outcome == outcome {
			n++
		}
	}
	return n
}
