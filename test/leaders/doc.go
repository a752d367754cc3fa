// Package leaders records who leads: every change of a namespace's leader Services as a watch delivers it, and whatever must never be, such
// as two ready endpoints. The tests of disruptions and of losses count and time moves with it. It changes nothing.
package leaders
