package commands

// podToTakeOut is the pod that was taken out of payments, or the leader before that.
const podToTakeOut = leader + `out=$(kubectl get pods --namespace shop --selector '!app' --output jsonpath='{.items[*].metadata.name}')
pod=${out:-$leader}
`

// movedFor waits until payments has a leader for a reason.
func movedFor(reason string) string {
	return `kubectl wait --for "jsonpath={.metadata.annotations.tanist\.dev/reason}=` + reason + `" endpointslice/payments-leader-ipv4 --namespace shop --timeout 1m
`
}

// onlyPayments has a drain evict no other pods than those of payments. TestADrainTakesLeaderAndReplica drains a whole node.
var onlyPayments = []string{"--delete-emptydir-data", "--delete-emptydir-data --pod-selector=app=payments"}

var howTos = map[string]Page{
	"docs/how-to/choose-which-pod-leads.md": {
		Scene: shop + warehouse,
		Entries: []Entry{
			{Begins: "kubectl annotate service stock", Prints: "annotated", After: `kubectl wait --for 'jsonpath={.endpoints[0].targetRef.name}=stock-0' endpointslice/stock-leader-ipv4 --namespace warehouse --timeout 1m
`},
			{Begins: "kubectl annotate service payments", Prints: "annotated", Replace: []string{"payments-large", "payments"}},
			{Begins: "kubectl tanist explain", Prints: "placed by:"},
		},
	},
	"docs/how-to/fencing-token.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "read -r term leader", After: `[[ $term =~ ^[0-9]+$ ]] || { echo "the term is $term" >&2; exit 1; }
POD_UID=$(kubectl get pods --namespace shop --selector app=payments --output jsonpath='{range .items[*]}{.metadata.uid}{"\n"}{end}' | grep -Fx "$leader")
`},
			{Begins: `[[ $leader == "$POD_UID" ]]`},
			{Begins: "psql ", Not: "It needs PostgreSQL"},
		},
	},
	"docs/how-to/follow-a-lease.md": {
		Scene: shop, // without a Lease, so the leader stays
		Entries: []Entry{
			{Begins: "kubectl annotate service payments", Prints: "annotated"},
			{Begins: "kubectl tanist explain", Prints: "(?m)^Follows: +Lease payments, which does not exist$", After: `kubectl annotate service payments --namespace shop tanist.dev/follow-lease-
`},
		},
	},
	"docs/how-to/gateway-api.md": {Entries: []Entry{
		{Begins: "kubectl get httproute", Not: "It needs the Gateway API, which the cluster lacks"},
	}},
	"docs/how-to/move-a-leader.md": {
		Scene: shop + warehouse + spread, Set: leader, Replace: []string{"node-1 node-2 node-3", "$node", "node-1", "$node"},
		Entries: []Entry{
			{Begins: "kubectl tanist handover payments", Prints: `^payments: from payments-\S+ to payments-\S+, term \d+, after `},
			{Begins: "kubectl tanist handover --node node-1", Prints: "No leader is (left )?on node "},
			// That leaders can be moved is said of each, and of no leader where none is there.
			{Begins: "kubectl tanist handover --node node-1 --dry-run", Prints: "can be moved"},
			{Begins: "kubectl tanist get -A | grep node-1            # who leads there", Prints: "payments"},
			{Begins: "kubectl drain node-1", Replace: onlyPayments, Prints: "drained"},
			{Begins: "kubectl tanist get -A | grep node-1            # nobody", Fails: true},
			{Begins: "kubectl cordon node-1", Before: "kubectl uncordon --selector kubernetes.io/hostname\n", Prints: "cordoned"},
			{Begins: "kubectl tanist get -A -w", Watch: true},
			{Begins: "for node in node-1 node-2 node-3; do kubectl drain", Replace: onlyPayments, Prints: "drained"},
		},
	},
	"docs/how-to/opt-out-and-remove.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "kubectl annotate service payments", Prints: "annotated", After: `kubectl wait --for delete service/payments-leader --namespace shop --timeout 1m
`},
			{Begins: "kubectl label namespace shop", Prints: "(?s)Warning: .*search.*namespace/shop unlabeled"},
			{Begins: "kubectl get services -A", Prints: "search-leader"}, // it goes after election.optOutGrace
		},
	},
	"docs/how-to/end-connections-to-the-old-leader.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "kubectl annotate service payments", Prints: "annotated"},
		},
	},
	"docs/how-to/pause-hand-overs.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "kubectl annotate service payments", Prints: "annotated"},
			{Begins: "kubectl tanist explain", Prints: "(?m)^Asks for: +paused=true$"},
		},
	},
	"docs/how-to/prepare-a-workload.md": {
		Scene: shop, Replace: []string{"registry.example.com/kubectl-tanist:0.1.0", "$BENCH_IMAGE", "--failovers 3", "--failovers 1 --yes"},
		Entries: []Entry{
			{Begins: "kubectl tanist bench search"},
		},
	},
	"docs/how-to/quarantine-a-pod.md": {
		Scene: shop + warehouse, Set: podToTakeOut, Replace: []string{"payments-7d4b9c5f6-4xk2p", "$pod"},
		Entries: []Entry{
			{Begins: "kubectl annotate pod payments-", Prints: "annotated", After: movedFor("LeaderExcluded")},
			{Begins: "kubectl get service payments", AsSaid: true},
			{Begins: "kubectl label pod payments-", Prints: "(labeled|unlabeled)", After: movedFor("LeaderGone")},
			{Begins: "kubectl tanist history", Prints: "LeaderExcluded|LeaderGone"},
			{Begins: "kubectl delete pod payments-", Prints: "deleted", After: "kubectl annotate pods --all --namespace shop tanist.dev/candidate-\n"},
			{Begins: "kubectl label pod stock-0", Prints: "labeled"},
		},
	},
	"docs/how-to/reach-a-leader-from-outside.md": {
		Scene: shop,
		Entries: []Entry{
			// The chart's default allows no load balancer.
			{Begins: "kubectl annotate service payments -n shop tanist.dev/leader-service-type=LoadBalancer", Prints: "annotated"},
			{Begins: "kubectl annotate service payments -n shop --overwrite tanist.dev/leader-service-type=Headless", Prints: "annotated",
				After: `kubectl wait --for create service/payments-direct --namespace shop --timeout 1m
kubectl wait --for 'jsonpath={.spec.clusterIP}=None' service/payments-direct --namespace shop --timeout 1m
`},
		},
	},
	"docs/how-to/tune-loss-detection.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "kubectl tanist get payments -n shop -o wide", Prints: `WATCHED(?s:.*)\b(node\+pod|node|pod|no)\b`},
			{Begins: "kubectl tanist explain", Prints: "(?m)^Watched: "},
			{Begins: "kubectl annotate", Prints: "annotated"},
			{Begins: "kubectl tanist bench --mode crash,freeze", Test: "TestBench"}, // five of each take minutes
		},
	},
	"docs/migrating-from-zen-lead.md": {
		Scene: zenLead,
		Set:   "LEADER=$(kubectl get endpointslice payments-leader --namespace shop --output jsonpath='{.endpoints[*].targetRef.name}' --ignore-not-found)\n",
		Replace: []string{
			"ZEN_LEAD_NAMESPACE", "zen-lead", "ZEN_LEAD", "zen-lead", "=LEADER", "=$LEADER",
		},
		Entries: []Entry{
			{Begins: "kubectl get endpointslice payments-leader", Prints: "^payments-"},
			{Begins: "kubectl annotate service payments -n shop tanist.dev/enabled=true tanist.dev/leader-service", Prints: "annotated",
				After: `kubectl wait --for create endpointslice/payments-primary-ipv4 --namespace shop --timeout 1m
kubectl wait --for "jsonpath={.endpoints[0].targetRef.name}=$LEADER" endpointslice/payments-primary-ipv4 --namespace shop --timeout 1m
`},
			{Begins: "kubectl annotate service payments -n shop zen-lead.io/enabled- tanist.dev/preferred-leader-", Prints: "annotated"},
			// zen-lead deletes its leader Service after that, and would make it again for the other way.
			{Begins: "kubectl scale deployment", Before: "kubectl delete service payments-leader --namespace shop\n" + zenLeadsObjects, Prints: "scaled"},
			{Begins: "kubectl get pods -n ZEN_LEAD_NAMESPACE -w", Watch: true},
			{Begins: "kubectl patch endpointslice", Prints: "patched"},
			{Begins: "kubectl patch service", Prints: "patched"},
			{Begins: "kubectl annotate service payments -n shop tanist.dev/enabled=true tanist.dev/preferred-leader", Prints: "annotated"},
			{Begins: "kubectl get endpointslices", Before: "kubectl wait --for create endpointslice/payments-leader-ipv4 --namespace shop --timeout 1m\n",
				Prints: `(?s)payments-leader .*payments-leader-ipv4`},
			{Begins: "kubectl delete endpointslice", Prints: "deleted"},
			{Begins: "kubectl annotate service payments -n shop tanist.dev/preferred-leader-", Prints: "annotated"},
			{Begins: "kubectl annotate service payments-leader", Prints: "annotated"},
			{Begins: "kubectl tanist doctor"},
		},
	},
}
