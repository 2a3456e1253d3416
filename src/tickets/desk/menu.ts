/** What the desk offers to programs, word for word what they know. They may say 7, 9 and 10, too. */
export const menu = `
        1) Read all available tickets
        2) Get ticket
        3) Create ticket
        4) Update ticket
        5) Delete ticket
        6) Exit
        99) DANGER! Delete all tickets
        `;

/** What it offers to people besides. */
export const more = `        7) Search tickets
        8) Edit ticket in $EDITOR
        9) Change the state of a ticket
        10) Comment on a ticket
`;

/** What it says to programs at the end: the words of the desk that they were written for. */
export const farewell = 'Thanks for using the Alta3 RESTful ticketing service';
