package commitrules

import "testing"

func TestAConflictDefersTheCommitsOfItsNamespaceAlone(t *testing.T) {
	var d Deferral
	d.Forget("shop") // nothing was learnt yet
	d.Conflict("shop")
	if !d.Yields("shop") || d.Yields("bank") {
		t.Errorf("yields in the namespace of the conflict: %t, in another: %t; want true and false", d.Yields("shop"), d.Yields("bank"))
	}
	d.Forget("shop")
	if d.Yields("shop") {
		t.Error("still yields after a commit without a conflict")
	}
}
