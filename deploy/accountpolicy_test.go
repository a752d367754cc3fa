//go:build chart

package deploy_test

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// TestThePolicyAllowsExternalTypesOnlyIfAsked checks the messages and the annotation of the rule about types. What the rules let pass is
// tested against an API server (test/integration).
func TestThePolicyAllowsExternalTypesOnlyIfAsked(t *testing.T) {
	for values, want := range map[string]struct {
		allows  bool
		message string
	}{
		"accountPolicy.enabled=true": {message: "because the chart's value accountPolicy.externalLeaderServices is false"},
		"accountPolicy.externalLeaderServices=true": {
			allows: true, message: "or of the type NodePort or LoadBalancer that their annotation tanist.dev/leader-service-type names",
		},
	} {
		var found []string
		for _, object := range render(t, values) {
			policy, ok := object.(*admissionregistrationv1.ValidatingAdmissionPolicy)
			if !ok {
				continue
			}
			for _, rule := range policy.Spec.Validations {
				if !strings.HasPrefix(rule.Message, "Tanist's Services are of type ClusterIP") {
					continue
				}
				found = append(found, policy.Name)
				if allows := strings.Contains(rule.Expression, "'tanist.dev/leader-service-type'"); allows != want.allows || !strings.Contains(rule.Message, want.message) {
					t.Errorf("%s: got the message %q and the expression\n%s", values, rule.Message, rule.Expression)
				}
			}
		}
		if len(found) != 1 || found[0] != "tanist-system-tanist-services" {
			t.Errorf("%s: the rule is in %v, want it in the policy for Services alone", values, found)
		}
	}
}
