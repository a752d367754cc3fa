package commands

var runbooks = map[string]Page{
	"docs/runbooks/LeaderDidNotMove.md": {Scene: shop, Entries: []Entry{
		{Begins: "kubectl tanist history", Prints: `^TIME +FROM `},
		{Begins: "kubectl tanist get payments", Prints: "WATCHED"},
	}},
	// The pod is the one that leads, and Tanist runs: it puts the slice right again.
	"docs/runbooks/MoveTheLeaderByHand.md": {Scene: shop, Set: leader, Replace: []string{"POD", "$leader"}, Entries: []Entry{
		{Begins: "ip="},
		{Begins: "ports="},
		{Begins: "kubectl patch endpointslice payments-leader-ipv4", Prints: "patched", After: "kubectl wait --for jsonpath='{.endpoints[0].targetRef.name}'=" +
			"$leader endpointslice/payments-leader-ipv4 --namespace shop --timeout 30s\n"},
		{Begins: "kubectl annotate service payments -n shop tanist.dev/preferred-leader=", Prints: "annotated"},
		{Begins: "kubectl annotate service payments -n shop tanist.dev/preferred-leader-", Prints: "annotated"},
	}},
	"docs/runbooks/TanistCertificateExpiring.md": {Entries: []Entry{
		{Begins: "kubectl describe certificate", Prints: `(?s)Not After:.*Renewal Time:`},
		{Begins: "kubectl get secret", Prints: `(?s)notAfter=.*issuer=`},
	}},
	"docs/runbooks/TanistCertificateNotReady.md": {},
	"docs/runbooks/TanistDeparturesNotAdmitted.md": {Scene: shop, Entries: []Entry{
		failedOpen,
		{Begins: "kubectl get endpointslices -n tanist-system", Prints: "10250"},
		{Begins: "kubectl get validatingwebhookconfiguration", Prints: `departures\.tanist\.dev`},
	}},
	"docs/runbooks/TanistDown.md": {Entries: []Entry{
		{Begins: "kubectl get lease tanist", Prints: `^tanist-\S+ \d{4}-`},
		{Begins: "kubectl logs", Prints: `^\[pod/tanist-`},
	}},
	"docs/runbooks/TanistForeignEndpointSlices.md": {Scene: shop, Replace: []string{"NAME", "payments-leader-ipv4"}, Entries: []Entry{
		{Begins: "kubectl get endpointslices -n shop", Prints: `payments-leader-ipv4 .* tanist\.dev$`},
		{Begins: "kubectl get endpointslice NAME", Prints: "managedFields:"},
		{Begins: "kubectl get endpoints payments-leader", Fails: true, Prints: "NotFound"},
	}},
	"docs/runbooks/TanistLeaderFlapping.md": {Scene: shop, Entries: []Entry{
		{Begins: "kubectl tanist history", Prints: `^TIME +FROM `},
		{Begins: "kubectl get pods -n shop -o wide -w", Watch: true, Prints: "^NAME +READY +STATUS +RESTARTS "},
	}},
	"docs/runbooks/TanistLeadersUnwatched.md": {Scene: shop, Entries: []Entry{
		{Begins: "kubectl tanist get -A -o wide", Prints: "WATCHED"},
	}},
	"docs/runbooks/TanistReplicasDisagreeOnTuning.md": {Set: replica, Replace: []string{"POD", "$replica"}, Entries: []Entry{
		{Begins: "kubectl delete pod POD", Replace: []string{"kubectl delete", "kubectl delete --dry-run=server"}, Prints: "deleted"},
	}},
	"docs/runbooks/TanistServiceWithoutLeader.md": {Scene: shop},
	"docs/runbooks/TanistTuningStale.md": {Entries: []Entry{
		{Begins: "kubectl get configmap tanist-tuning", Prints: "managedFields:"},
		{Begins: "kubectl create configmap tanist-tuning", Before: "echo 'commit: {concurrency: 9}' >tuning.yaml\n", Prints: "configmap/tanist-tuning serverside-applied"},
	}},
	"docs/runbooks/TanistWebhookNotTrusted.md": {Entries: []Entry{
		{Begins: "kubectl get validatingwebhookconfiguration,mutatingwebhookconfiguration", Prints: `(?s)validating.*mutating`},
	}},
}

// development are the pages for those who change Tanist, or release it.
var development = map[string]Page{
	"CONTRIBUTING.md": {Entries: []Entry{
		{Begins: "make build", Not: itself},
		{Begins: "make test", Not: "CI runs it by itself"},
		{Begins: "make verify lint", Not: "CI runs it by itself"},
		{Begins: ".ci/run", Not: "CI runs it by itself"},
	}},
	"docs/development.md": {Entries: []Entry{
		{Begins: "apt-get install", Not: "It changes the machine. CI runs it by itself"},
		{Begins: "tanist-cluster up --nodes 2", Test: "TestRealNodes"},
		{Begins: "tanist-cluster up --simulated-nodes 3", Test: "TestSimulatedNodes"},
		{Begins: "tanist-cluster status", Test: "TestSimulatedNodes"},
		{Begins: "tanist-cluster node", Test: "TestRealNodes"},
		{Begins: "tanist-cluster image", Test: "TestRealNodes"},
		{Begins: "tanist-cluster run", Test: "TestSimulatedNodes"},
		{Begins: "tanist-cluster down", Test: "TestRealNodes"},
	}},
	"docs/disruptions.md": {Entries: []Entry{{Begins: "make disruptions", Test: "TestDisruptions"}}},
	"docs/releasing.md": {Entries: []Entry{
		{Begins: "make vulnerabilities", Not: "It asks the Go module proxy for a database that changes every day"},
		{Begins: "sha256sum", Not: release},
		{Begins: "git checkout", Not: "It changes the sources that are tested"},
		{Begins: "make release", Not: release},
		{Begins: "diff ", Not: release},
		{Begins: "skopeo ", Not: registry},
	}},
}
