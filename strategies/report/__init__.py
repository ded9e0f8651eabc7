"""The investor report: everything that is known of a strategy over a range of days.

`asking` reads what is wanted, `facts` what the database tells, `whole` computes, and `as_json`,
`as_csv`, `page` and `printing` write the same numbers in the form that was asked for.
"""
