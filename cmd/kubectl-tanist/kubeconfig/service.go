package kubeconfig

import "strings"

// ServiceName returns the name of a Service that an argument gives as kubectl's own commands accept it: payments or service/payments.
func ServiceName(argument string) string {
	for _, resource := range []string{"service/", "services/", "svc/"} {
		if name, found := strings.CutPrefix(argument, resource); found {
			return name
		}
	}
	return argument
}
